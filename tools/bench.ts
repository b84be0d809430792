// npm run bench -- SUITE: measures one thing against a floor in the same run and prints ratios.
import { existsSync, readdirSync } from 'node:fs';

const suites = readdirSync(new URL('./bench/', import.meta.url))
  .flatMap((file) => /^([a-z]+)\.bench\.ts$/.exec(file)?.[1] ?? [])
  .sort();

const [suite = '', ...args] = process.argv.slice(2);
const file = new URL(`./bench/${suite}.bench.ts`, import.meta.url);
if (!suites.includes(suite) || !existsSync(file)) {
  console.error(`npm run bench -- SUITE, where SUITE is one of: ${suites.join(', ')}`);
  process.exit(1);
}
const { main } = (await import(file.href)) as { main(args: string[]): Promise<void> };
await main(args);
