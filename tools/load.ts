// npm run load -- mixed steady [--target URL]: load tests a running shop with k6; thresholds decide the exit code.
import { join, relative } from 'node:path';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { findK6 } from './load/k6-program.ts';
import { flowNames, loadNames, runK6 } from './load/run-k6.ts';
import { portOf } from './shop.ts';
import { Failure, parseCommand } from './terminal.ts';

const usage =
  `npm run load -- FLOW LOAD [--target http://localhost:3000] [--rate 50] [--duration 30s] [--patience 2]; ` +
  `flows: ${flowNames.join(', ')}; loads: ${loadNames.join(', ')}`;
const USUAL = ['mixed', 'smoke'];

await main(async ({ asked }) => {
  const { values, words } = parseCommand(
    usage,
    {
      target: { type: 'string', default: `http://127.0.0.1:${portOf('PORT', 3000)}` },
      rate: { type: 'string' },
      duration: { type: 'string' },
      patience: { type: 'string' },
      'target-is-mine': { type: 'boolean' },
    },
    2,
  );
  const [flow, load] = USUAL.map((usual, i) => words[i] ?? usual) as [string, string];
  oneOf('flow', flow, flowNames);
  oneOf('load', load, loadNames);
  checkTarget(values.target, values['target-is-mine'] ?? false);
  for (const name of ['rate', 'patience'] as const)
    if (values[name] !== undefined && !(Number(values[name]) > 0))
      throw new Failure(`--${name} ${values[name]} is not a number above 0.`);
  if (values.duration !== undefined && !/^\d+[smh]$/.test(values.duration))
    throw new Failure(`--duration ${values.duration} is not a duration such as 30s, 5m or 2h.`);
  const program = await findK6();
  const startedAt = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  const dir = join(root, 'loadtest', 'runs', `${startedAt}-${flow}-${load}`);
  const env = {
    TARGET: values.target,
    LOAD: load,
    ...(values.rate ? { RATE: values.rate } : {}),
    ...(values.patience ? { PATIENCE: values.patience } : {}),
    ...(values.duration ? { DURATION: values.duration } : {}),
    ...(load === 'soak' ? { REPORT_PERIOD: '30s' } : {}),
  };
  const { code, summary } = await runK6({ program, flow, env, dir, report: true, show: true, signal: asked });
  if (summary) console.log(`${relative(process.cwd(), dir)}: report.html, summary.json\n`);
  return code; // 99: a threshold was crossed
});

function oneOf(what: string, name: string, names: string[]): void {
  if (!names.includes(name)) throw new Failure(`There is no ${what} "${name}". There are: ${names.join(', ')}.`);
}

/** A load test against another owner's shop is an attack. */
function checkTarget(target: string, mine: boolean): void {
  if (!URL.canParse(target)) throw new Failure(`--target ${target} is not a URL such as http://localhost:3000.`);
  const { hostname } = new URL(target);
  if (mine || hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)) return;
  throw new Failure(
    `${hostname} is not this machine. Load test only your own shops; if this is one, add --target-is-mine.`,
  );
}
