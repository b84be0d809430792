// npm run bench -- SUITE: measures one part of the shop against a floor in the same run and prints ratios. Without a name all
// suites run in turn, and their figures are written to results/benchmarks.md.
import { readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { commit, machine } from '@shop/tools/machine';
import type { Figures } from './suites/suite.ts';
import { explain } from '@shop/tools/terminal';
import { writeFormatted } from '@shop/tools/write-formatted';

const suites = readdirSync(new URL('./suites/', import.meta.url))
  .flatMap((file) => /^([a-z]+)\.bench\.ts$/.exec(file)?.[1] ?? [])
  .sort();

const [suite, ...args] = process.argv.slice(2);
if (suite !== undefined && !suites.includes(suite)) {
  console.error(`npm run bench [-- SUITE], where SUITE is one of: ${suites.join(', ')}`);
  process.exit(1);
}
try {
  if (suite === undefined) process.exit(await all());
  const figures = await bench(suite, args);
  console.log(`\n${figures.map(([what, figure]) => `${what}: ${figure}`).join('\n')}`);
  process.exit(0);
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}

async function bench(name: string, options: string[] = []): Promise<Figures> {
  const { main } = (await import(new URL(`./suites/${name}.bench.ts`, import.meta.url).href)) as {
    main(args: string[]): Promise<Figures>;
  };
  return main(options);
}

/** Resolves to the exit code. A suite that fails loses its own rows only; figures are written after each suite. */
async function all(): Promise<number> {
  const startedAt = new Date();
  const load = loadavg()[0]!.toFixed(1);
  const file = join(root, 'bench', 'results', 'benchmarks.md');
  const head = [
    '# Results of `npm run bench`',
    '',
    `${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${machine()}, commit ${await commit()}; load average ${load} before.`,
    'Medians, with the minimum and maximum of all rounds in brackets. Ratios compare rounds taken in turn, so they are more',
    'reliable than times.',
    '',
    '| suite | what | figure |',
    '| --- | --- | --- |',
  ];
  const rows: string[] = [];
  let failed = false;
  for (const name of suites) {
    console.log(`\n${name}`);
    const figures = await bench(name).catch((error: unknown): Figures => {
      failed = true;
      return [['failed', explain(error).split('\n')[0]!]];
    });
    for (const [what, figure] of figures) rows.push(`| ${name} | ${what} | ${figure} |`);
    await writeFormatted(file, [...head, ...rows, ''].join('\n'));
  }
  console.log(`\n${[...head, ...rows].join('\n')}\n\n${relative(process.cwd(), file)}`);
  return failed ? 1 : 0;
}
