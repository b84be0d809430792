// Runs Nx quietly: its words are shown when it fails.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { run } from './processes.ts';
import { Failure, step } from './terminal.ts';

const program = join(root, 'node_modules', '.bin', 'nx');

/**
 * The environment for Nx: no full-screen display, no process left behind, no terminal of its own around every task
 * (which would take Ctrl-C for itself), and nothing from an Nx around this process, except where the cache is: by default
 * all clones of one repository share a cache in the home folder.
 */
export function nxEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const clean = Object.entries(env).filter(([name]) => !/^(NX_(?!CACHE_DIRECTORY$)|FORCE_COLOR$)/.test(name));
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const quiet = { NX_TUI: 'false', NX_DAEMON: 'false', NX_NATIVE_COMMAND_RUNNER: 'false' };
  return { ...Object.fromEntries(clean), ...color, ...quiet };
}

/** Builds what is not built as it stands: everything, or some projects and what they need. */
export async function build(options: { projects?: string[]; signal?: AbortSignal } = {}): Promise<void> {
  const { projects = [], signal } = options;
  const which = projects.length > 0 ? ['-p', projects.join(',')] : [];
  await step('Building', async () => {
    const { code, output } = await run([program, 'run-many', '-t', 'build', ...which], {
      cwd: root,
      env: nxEnv(),
      signal,
    });
    signal?.throwIfAborted();
    const hint = /[Pp]ermission denied|EACCES/.test(output)
      ? '\nIs something here from a run as another user, like root? Give it back with chown -R.'
      : '';
    if (code !== 0) throw new Failure(`The build failed:\n${output.trim()}${hint}`);
  });
}

/** Runs Nx with its words on this terminal; resolves to its exit code. */
export function nx(args: string[], options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {}): Promise<number> {
  const child = spawn(program, args, {
    cwd: root,
    env: nxEnv(options.env),
    signal: options.signal,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(1)); // aborted
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
