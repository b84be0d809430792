// One run of k6: a flow under a load, with its summary as JSON and optionally its report as HTML.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../data-dir.ts';
import { whenAborted } from '../interrupt.ts';
import type { K6Program } from './k6-program.ts';
import type { Summary } from '@shop/loadtest/result';

export type { Summary };

const source = join(root, 'loadtest');
/** k6's messages on single requests; the scripts report more. */
const NOISE = /^(Request Failed|The test run was short)/;

export interface RunOptions {
  program: K6Program;
  flow: string;
  /** LOAD, TARGET, RATE and the other variables of loadtest/options.ts. */
  env: Record<string, string>;
  /** Receives summary.json and, with `report`, report.html. */
  dir: string;
  report?: boolean;
  /** Writes the duration of every request to points.csv. */
  points?: boolean;
  /** Shows k6's output on the terminal. */
  show?: boolean;
  /** Ends the run early, with its summary. */
  signal?: AbortSignal;
}

export interface Run {
  /** 0, 99 when a threshold was crossed, or another code of k6. */
  code: number;
  output: string;
  /** Undefined when the load never began. */
  summary: Summary | undefined;
}

export const flowNames = readdirSync(join(source, 'flows'))
  .flatMap((file) => /^([a-z]+)\.ts$/.exec(file)?.[1] ?? [])
  .sort();
export const loadNames = readdirSync(join(source, 'loads'))
  .flatMap((file) => /^([a-z]+)\.ts$/.exec(file)?.[1] ?? [])
  .filter((name) => name !== 'load')
  .sort();

export async function runK6({ program, flow, env, dir, report, points, show, signal }: RunOptions): Promise<Run> {
  mkdirSync(dir, { recursive: true });
  const summaryFile = join(dir, 'summary.json');
  rmSync(summaryFile, { force: true });
  const [scripts, results] = 'image' in program ? ['/loadtest', '/results'] : [source, dir];
  const dashboard = {
    K6_WEB_DASHBOARD: 'true',
    K6_WEB_DASHBOARD_PORT: '-1', // the report at the end only, without a server
    K6_WEB_DASHBOARD_PERIOD: env['REPORT_PERIOD'] ?? '1s',
    K6_WEB_DASHBOARD_EXPORT: `${results}/report.html`,
  };
  const settings = { ...env, SUMMARY: `${results}/summary.json` };
  const out = points ? ['--out', `csv=${results}/points.csv`] : [];
  const options = ['--quiet', '--no-usage-report', '--log-format=raw', ...out];
  const variables = Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const args = ['run', ...options, ...variables, `${scripts}/flows/${flow}.ts`];
  const processEnv = report ? dashboard : {};
  const command = 'image' in program ? inContainer(program.image, dir, processEnv, args) : [program.path, ...args];
  const child = spawn(command[0]!, command.slice(1), {
    detached: true, // Ctrl-C must reach it once, through `signal`
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...processEnv },
  });
  let output = '';
  const take = (text: string) => {
    output += text;
    if (show) process.stdout.write(text);
  };
  child.stdout.on('data', (chunk) => take(String(chunk)));
  createInterface({ input: child.stderr }).on('line', (line) => NOISE.test(line) || take(`${line}\n`));
  if (signal) void whenAborted(signal).then(() => child.kill('SIGINT'));
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => ((output += error.message), resolve(127)));
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  return { code, output, summary: read(summaryFile) };
}

function read(file: string): Summary | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Summary;
  } catch {
    return undefined;
  }
}

/** With the host's network, to reach shops on 127.0.0.1, and as this user, who then owns the results. */
function inContainer(image: string, dir: string, env: Record<string, string>, args: string[]): string[] {
  const user = process.getuid ? ['--user', `${process.getuid()}:${process.getgid!()}`] : [];
  return [
    ...['docker', 'run', '--rm', '--init', '--network', 'host', ...user],
    ...['-v', `${source}:/loadtest:ro`, '-v', `${dir}:/results`],
    ...Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    image,
    ...args,
  ];
}
