// Every promise of the contracts has exactly one handler, and no handler is there without a promise.
import type { Job } from '@shop/contracts/jobs';
import { jobHandledBy, type JobHandler } from './handles-job.js';
import type { Service } from './service.js';

export class BootError extends Error {
  override readonly name = 'BootError';
}

export interface FoundJobHandler {
  job: Job;
  handle: JobHandler;
  /** Class and method, for people. */
  where: string;
}

/** Every method of `instances` that is marked with @HandlesJob. */
export function findJobHandlers(instances: Iterable<object>): FoundJobHandler[] {
  const found: FoundJobHandler[] = [];
  for (const instance of new Set(instances)) {
    const prototype = Object.getPrototypeOf(instance) as object;
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const method: unknown = descriptor.value;
      const job = typeof method === 'function' ? jobHandledBy(method) : undefined;
      if (!job) continue;
      const handle = (method as JobHandler).bind(instance);
      found.push({ job, handle, where: `${prototype.constructor.name}.${name}` });
    }
  }
  return found;
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
      jobHandlers.map(({ job }) => jobName(job)),
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
