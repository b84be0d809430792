// The machine and the commit that figures were measured on.
import { cpus, release, totalmem } from 'node:os';
import { root } from './data-dir.ts';
import { run } from './processes.ts';

/** `2 × Intel(R) Xeon(R) …, 8 GB, linux 6.1, Node v24.21.0` */
export function machine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return [
    `${cpus().length} × ${cpu?.model.trim()}`,
    memory,
    `${process.platform} ${release()}`,
    `Node ${process.version}`,
  ].join(', ');
}

export async function commit(): Promise<string> {
  return (await run(['git', 'rev-parse', '--short', 'HEAD'], { cwd: root })).output.trim();
}
