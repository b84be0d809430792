// Marks what does a job. Apart from queue.ts, so that a process without jobs does not load BullMQ.
import { SetMetadata } from '@nestjs/common';
import type { Job, PayloadOf } from '@shop/contracts/jobs';

const JOB_METADATA = 'shop:job';

/**
 * Marks the method that does a job: `(payload, stopping?) => Promise<void>`. Throwing means "again", UnrecoverableError
 * "never again". When `stopping` is aborted this process is about to end: a long job throws then, and another process
 * takes it at once.
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

export function jobHandledBy(method: object): Job | undefined {
  return Reflect.getMetadata(JOB_METADATA, method) as Job | undefined;
}

export type JobHandler = (payload: never, stopping: AbortSignal) => Promise<void>;
