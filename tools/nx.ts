// Runs Nx.
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { run, runInTerminal } from './processes.ts';
import { Failure, step } from './terminal.ts';

const program = join(root, 'node_modules', '.bin', 'nx');

/**
 * The environment for Nx: no full-screen display, no daemon, no pseudo-terminal around each task (which would intercept
 * Ctrl-C), and no settings of an Nx that runs this process, except where the cache is: by default all clones of a
 * repository share a cache in the home folder.
 */
export function nxEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const clean = Object.entries(env).filter(([name]) => !/^(NX_(?!CACHE_DIRECTORY$)|FORCE_COLOR$)/.test(name));
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const quiet = { NX_TUI: 'false', NX_DAEMON: 'false', NX_NATIVE_COMMAND_RUNNER: 'false' };
  return { ...Object.fromEntries(clean), ...color, ...quiet };
}

/** Builds what is not built yet: everything, or some projects with their dependencies. Nx's output is shown when it fails. */
export async function build(options: { projects?: string[]; signal?: AbortSignal } = {}): Promise<void> {
  const { projects = [], signal } = options;
  const which = projects.length > 0 ? ['-p', projects.join(',')] : [];
  await step('Building', async () => {
    const command = [program, 'run-many', '-t', 'build', ...which];
    const { code, output } = await run(command, { cwd: root, env: nxEnv(), signal });
    signal?.throwIfAborted();
    const hint = /[Pp]ermission denied|EACCES/.test(output)
      ? '\nFiles here may belong to another user, such as root, who built before: chown -R gives them back.'
      : '';
    if (code !== 0) throw new Failure(`The build failed:\n${output.trim()}${hint}`);
  });
}

/** Runs Nx on this terminal; resolves to its exit code. */
export function nx(args: string[], options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {}): Promise<number> {
  const { env, signal } = options;
  return runInTerminal([program, ...args], {
    ...{ cwd: root, env: nxEnv(env), signal },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
