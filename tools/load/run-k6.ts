// One run of k6: a flow under a load, with its summary as JSON and, if wanted, its report as a page.
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
/** What k6 says of single requests; the scripts say more. */
const NOISE = /^(Request Failed|The test run was short)/;

export interface RunOptions {
  program: K6Program;
  flow: string;
  /** LOAD, TARGET, RATE and so on, as loadtest/options.ts reads them. */
  env: Record<string, string>;
  /** Gets summary.json and, with `report`, report.html. */
  dir: string;
  report?: boolean;
  /** Every single request's time goes to points.csv. */
  points?: boolean;
  /** False: nothing on the terminal. */
  show?: boolean;
  /** Ends it early, with its summary. */
  signal?: AbortSignal;
}

export interface Run {
  /** 0, or 99 when a threshold was crossed; others are k6's own. */
  code: number;
  output: string;
  /** Undefined when it did not come to any load. */
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
  // Inside a container the folders have other names.
  const [scripts, results] = 'image' in program ? ['/loadtest', '/results'] : [source, dir];
  const dashboard = {
    K6_WEB_DASHBOARD: 'true',
    K6_WEB_DASHBOARD_PORT: '-1', // the page at the end, no server meanwhile
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
    detached: true, // a Ctrl-C reaches it through `signal` only, once
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

/** The host's network, so that it reaches shops on 127.0.0.1; as this user, whose the results are. */
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
