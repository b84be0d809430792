// Marks job handlers. Apart from queue.ts, so that a process without jobs does not load BullMQ.
import { SetMetadata } from '@nestjs/common';
import type { Job, PayloadOf } from '@shop/contracts/jobs';
import { markedMethods, type MarkedMethod } from './marked-methods.js';

const JOB_METADATA = 'shop:job';

/**
 * Marks the method that handles a job: `(payload, stopping?) => Promise<void>`. Throwing retries the job;
 * UnrecoverableError ends it. `stopping` is aborted when this process is about to end: a long job then throws, and
 * another process takes it at once.
 */
export function HandlesJob<J extends Job>(job: J) {
  return <M extends (payload: PayloadOf<J>, stopping: AbortSignal) => Promise<void>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    SetMetadata(JOB_METADATA, job)(target, key, descriptor as PropertyDescriptor);
  };
}

export type JobHandler = (payload: never, stopping: AbortSignal) => Promise<void>;
export type FoundJobHandler = MarkedMethod<Job, JobHandler>;

export function findJobHandlers(instances: Iterable<object>): FoundJobHandler[] {
  return markedMethods(instances, JOB_METADATA);
}
