// A job is work for later: a name in the queue of the service that does it, with a typed payload.
import * as z from 'zod';

export interface JobOptions<P extends z.ZodType = z.ZodType> {
  payload: P;
  /** For work that takes long by its nature: beyond this, and not beyond 500 ms, the log calls it slow. */
  slowMs?: number;
}

export interface Job<P extends z.ZodType = z.ZodType> extends JobOptions<P> {
  /** The queue, named like the service that works it off. */
  queue: string;
  name: string;
}

export type PayloadOf<J> = J extends { payload: infer P extends z.ZodType } ? z.output<P> : never;

export type Jobs<T extends Record<string, JobOptions>> = { [K in keyof T]: T[K] & { queue: string; name: string } };

/** The jobs that `service` works off; each key is the job's name. */
export function defineJobs<const T extends Record<string, JobOptions>>(service: string, jobs: T): Jobs<T> {
  return Object.fromEntries(
    Object.entries(jobs).map(([name, options]) => [name, { ...options, queue: service, name }]),
  ) as Jobs<T>;
}
