// Runs nginx in front of the gateways, in a container or from the system, with the same configuration.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../data-dir.ts';
import { freePort } from '../ports.ts';
import { run, until } from '../processes.ts';
import { Failure } from '../terminal.ts';
import type { NginxProgram } from './nginx-program.ts';
import { render } from './render.ts';

const shopSource = join(root, 'deploy', 'nginx');
/** Compiled regular expressions save a fifteenth of the CPU of a cached response. */
const SETTINGS = ['-g', 'daemon off; pcre_jit on;'];

export interface EdgeOptions {
  program: NginxProgram;
  /** Holds its log and, without a container, its configuration. */
  dir: string;
  port: number;
  /** The variables of deploy/nginx/18-shop.envsh. */
  env: Record<string, string>;
  /** A folder with templates and 18-shop.envsh, instead of deploy/nginx. */
  source?: string;
}

export interface Edge {
  url: string;
  /** /livez, /startupz, /status */
  opsUrl: string;
  /** The workers are children of this process. */
  masterPid(): Promise<number>;
  logFile: string;
  /** Resolves to the reason when it ends without being stopped. */
  crashed: Promise<string>;
  stop(): Promise<void>;
}

/** Resolves when it serves; rejects with nginx's messages when it cannot start. */
export async function startEdge({ program, dir, port, env, source = shopSource }: EdgeOptions): Promise<Edge> {
  mkdirSync(dir, { recursive: true });
  const logFile = join(dir, 'edge.log');
  const name = `shop-edge-${randomUUID().slice(0, 8)}`;
  const ops = `127.0.0.1:${await freePort(new Set([port]))}`;
  const settings = { ...env, EDGE_PORT: String(port), EDGE_OPS_PORT: ops };
  const command =
    'image' in program
      ? inContainer(program.image, name, source, settings)
      : await onSystem(program.path, dir, source, settings);
  const log = openSync(logFile, 'w');
  const child = spawn(command[0]!, command.slice(1), { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  const stop = async () => {
    stopping = true;
    // `docker run` forwards SIGTERM to nginx; a container whose client was killed must be removed by name.
    child.kill('SIGTERM');
    await ended;
    if ('image' in program) await run(['docker', 'rm', '--force', name]);
  };
  let how: string | undefined;
  void ended.then((end) => (how = end));
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${url}/livez`, { redirect: 'manual', signal: AbortSignal.timeout(1000) }).then(
      ({ status }) => status === 404 || status === 308,
      () => how !== undefined,
    );
  if (!(await until(answers, 20_000)) || how !== undefined) {
    await stop();
    const lastLines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
    throw new Failure(`nginx did not start (${how ?? 'no answer'}):\n${lastLines}`);
  }
  const crashed = new Promise<string>((resolve) => void ended.then((end) => stopping || resolve(end)));
  const masterPid = async () => {
    if ('path' in program) return child.pid!;
    return Number((await run(['docker', 'inspect', '--format', '{{.State.Pid}}', name])).output);
  };
  return { url, opsUrl: `http://${ops}`, logFile, masterPid, crashed, stop };
}

/** With the host's network, to reach gateways on 127.0.0.1. */
function inContainer(image: string, name: string, source: string, env: Record<string, string>): string[] {
  const own = ['EDGE_TLS_CERTIFICATE', 'EDGE_TLS_KEY', 'EDGE_ASSETS_DIR'].flatMap((key) => env[key] ?? []);
  const mounts = [
    `${join(source, 'templates')}:/etc/nginx/templates:ro`,
    `${join(source, '18-shop.envsh')}:/docker-entrypoint.d/18-shop.envsh:ro`,
    // Docker would create missing paths, owned by root.
    ...own.filter((path) => existsSync(path)).map((path) => `${path}:${path}:ro`),
  ];
  return [
    ...['docker', 'run', '--rm', '--name', name, '--label', 'shop=edge', '--network', 'host'],
    ...mounts.flatMap((mount) => ['-v', mount]),
    ...Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
    ...[image, 'nginx', ...SETTINGS],
  ];
}

async function onSystem(path: string, dir: string, source: string, env: Record<string, string>): Promise<string[]> {
  const config = await render(source, dir, env);
  return [path, '-p', dir, '-c', config, '-e', 'stderr', ...SETTINGS];
}
