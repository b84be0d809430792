// Every promise of the contracts has exactly one handler, and no handler is there without a promise.
import type { Job } from '@shop/contracts/jobs';
import type { FoundJobHandler } from './handles-job.js';
import type { Service } from './service.js';

export class BootError extends Error {
  override readonly name = 'BootError';
}

/** Throws a BootError that names every promise without a handler, with two, and every handler without a promise. */
export function checkHandlers(
  services: readonly Service[],
  rpcHandlers: readonly string[],
  jobHandlers: readonly FoundJobHandler[],
): void {
  const rpcs = services.flatMap(({ rpc }) => Object.values(rpc ?? {}).map(({ name }) => name));
  const jobs = services.flatMap(({ jobs }) => Object.values(jobs ?? {}).map(jobName));
  const complaints = [
    ...compare('procedure', rpcs, rpcHandlers),
    ...compare(
      'job',
      jobs,
      jobHandlers.map(({ mark }) => jobName(mark)),
    ),
  ];
  if (complaints.length > 0)
    throw new BootError(`The contracts are not kept:\n${complaints.map((line) => `  - ${line}`).join('\n')}`);
}

function jobName({ queue, name }: Job): string {
  return `${queue}.${name}`;
}

function* compare(kind: string, promised: readonly string[], handled: readonly string[]): Generator<string> {
  const count = (name: string) => handled.filter((other) => other === name).length;
  for (const name of promised) {
    if (count(name) === 0) yield `${kind} ${name} has no handler`;
    if (count(name) > 1) yield `${kind} ${name} has ${count(name)} handlers`;
  }
  for (const name of new Set(handled))
    if (!promised.includes(name)) yield `${kind} ${name} is handled, but in no contract`;
}
