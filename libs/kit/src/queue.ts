// Work for later, on BullMQ: one queue per service that works it off. The queue saves work; that it is done once is the database's to guarantee.
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Job, PayloadOf } from '@shop/contracts/jobs';
import type { QueueHealth } from '@shop/contracts/staff';
import { SLOW_MS } from '@shop/rpc/call-log';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';
import { reasonOf, toAppError } from '@shop/rpc/errors';
import {
  DelayedError,
  Queue,
  UnrecoverableError,
  WaitingError,
  Worker,
  type Job as BullJob,
  type JobState,
} from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import type { JobHandler } from './handles-job.js';
import { withTimeout } from './with-timeout.js';
import { kitConfig, type KitConfig } from './kit.config.js';
import { Log } from './log.js';
import { counter, histogram } from './metrics.js';
import { connectRedis } from './redis.js';

interface Envelope {
  payload: unknown;
  requestId: string;
}

/** Again after 1, 2, 4 … seconds, at most a minute apart, for about half an hour; after that a sweep has to find it. */
const retries = { attempts: 35, backoff: { type: 'capped' } } as const;
const backoffStrategy = (attemptsMade: number) => Math.min(1000 * 2 ** (attemptsMade - 1), 60_000);

/** How long a caller waits for the queue to take a job, or to say how it stands; BullMQ waits for its first connection without limit. */
const ANSWER_MS = 1000;

/** A worker waits for its next job 10 s at most: what is silent for longer is dead, though TCP notices only after minutes. */
const SILENCE_MS = 15_000;

/** A kept job would block its id, so nothing is kept; what became of it is in the owner's database and the log. */
const keepNothing = { removeOnComplete: true, removeOnFail: true } as const;

/** Whose worker dies under it is not to blame. Beyond this it probably kills them, and only a sweep brings it again. */
const MAX_STALLED = 10;

/** Another version may know what this one does not: again after 0.5, 1, 1.5 … seconds, at most 15 apart. */
const pauseOfUnknown = (started: number) => Math.min(500 * started, 15_000);

/** A job whose payload no worker has been able to read for this long ends, and a sweep has to find it. */
const MAX_UNREADABLE_MS = 30 * 60_000;

/** Not done yet: one call to Redis each, however long the queue is. */
const open: JobState[] = ['waiting', 'prioritized', 'active', 'delayed'];

export interface AddOptions {
  /** A job of this name and id that is waiting or running already is not added again; one that has ended is. */
  id?: string;
  delayMs?: number;
  /** 1 to 2,097,151: smaller ones first. Jobs without one come before all that have one. */
  priority?: number;
}

export interface WorkOptions {
  handlers: Map<string, { job: Job; handle: JobHandler }>;
  /** Jobs at a time. */
  concurrency: number;
}

/** Braces keep a queue's keys on one node of a Redis Cluster. */
export const prefixOf = (queue: string) => `{${queue}}`;

@Injectable()
export class Queues implements OnApplicationShutdown {
  private readonly producers = new Map<string, Queue>();
  private readonly workers: Worker[] = [];
  private readonly connections: Redis[] = [];
  private readonly stopping = new AbortController();
  private readonly done = counter('jobs_total', 'Jobs worked off', ['job', 'outcome']);
  private readonly duration = histogram('job_duration_seconds', 'Time from start to end of a job', ['job']);

  constructor(
    @Inject(kitConfig.token) private readonly config: KitConfig,
    private readonly log: Log,
  ) {}

  /** Fails fast when Redis is away. */
  async add<J extends Job>(
    job: J,
    payload: PayloadOf<J>,
    { id, delayMs = 0, priority = 0 }: AddOptions = {},
  ): Promise<void> {
    const envelope: Envelope = { payload, requestId: currentContext()?.requestId ?? newRequestId() };
    const jobId = id === undefined ? undefined : `${job.name}-${id}`;
    const options = { jobId, delay: delayMs, priority, ...retries, ...keepNothing };
    // Added later than promised does no harm: handlers are idempotent.
    await withTimeout(this.producer(job.queue).add(job.name, envelope, options), ANSWER_MS);
  }

  /** How many jobs are not done: waiting, running, or to be tried again later. Fails fast when Redis is away. */
  depth(queue: string): Promise<number> {
    return withTimeout(this.producer(queue).getJobCountByTypes(...open), ANSWER_MS);
  }

  /** How long ago the oldest job of those that are next in line, run or are to be tried again was added; 0 without any. */
  async oldestSeconds(queue: string): Promise<number> {
    const first = await withTimeout(this.producer(queue).getJobs(open, 0, 0, true), ANSWER_MS);
    const oldest = Math.min(...first.map(({ timestamp }) => timestamp));
    return first.length === 0 ? 0 : Math.max(0, (Date.now() - oldest) / 1000);
  }

  /** How its jobs stand, and how many processes work them off. Fails fast when Redis is away. */
  async health(queue: string): Promise<Omit<QueueHealth, 'name'>> {
    const [counts, workers, oldestSeconds] = await Promise.all([
      withTimeout(this.producer(queue).getJobCounts(...open, 'failed'), ANSWER_MS),
      withTimeout(this.producer(queue).getWorkersCount(), ANSWER_MS),
      this.oldestSeconds(queue),
    ]);
    const { waiting = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts;
    return { workers, waiting, prioritized, active, delayed, failed, oldestSeconds };
  }

  /** Starts taking jobs; called once everything else is ready. */
  work(queue: string, { handlers, concurrency }: WorkOptions): void {
    const patient = { maxRetriesPerRequest: null, enableOfflineQueue: true, commandTimeout: undefined };
    const worker = new Worker<Envelope>(queue, (job, token) => this.handle(job, handlers, token), {
      connection: this.connect({ ...patient, socketTimeout: SILENCE_MS }),
      prefix: prefixOf(queue),
      concurrency,
      lockDuration: this.config.QUEUE_LOCK_MS,
      stalledInterval: this.config.QUEUE_LOCK_MS,
      maxStalledCount: MAX_STALLED,
      settings: { backoffStrategy },
    });
    worker.on('error', () => undefined); // Told once per outage by connectRedis.
    worker.on('failed', (job, error) => this.ended(job, error));
    this.workers.push(worker);
  }

  /** Takes no further jobs and waits for those in hand; what is cut off is taken up elsewhere when its lock ends. */
  async drain(graceMs: number): Promise<void> {
    const closed = Promise.allSettled(this.workers.map((worker) => worker.close()));
    this.stopping.abort();
    await Promise.race([closed, sleep(graceMs, undefined, { ref: false })]);
  }

  onApplicationShutdown(): void {
    // Not close(), and not awaited: either would go on waiting for a job that outlasted the drain, or for Redis to be there.
    for (const user of [...this.workers, ...this.producers.values()]) user.disconnect().catch(() => undefined);
    for (const connection of this.connections) connection.disconnect();
  }

  private async handle(job: BullJob<Envelope>, handlers: WorkOptions['handlers'], token?: string): Promise<void> {
    const found = handlers.get(job.name);
    if (!found) return this.handBack(job, 'unknown here', token);
    const payload = found.job.payload.safeParse(job.data.payload);
    if (!payload.success) {
      // While it keeps its id, the owner's sweep cannot add the job as this version writes it.
      if (Date.now() - job.timestamp > MAX_UNREADABLE_MS) throw new UnrecoverableError(payload.error.message);
      return this.handBack(job, payload.error.message, token);
    }
    const startedAt = performance.now();
    const stop = this.duration.startTimer({ job: job.name });
    try {
      const context = { requestId: job.data.requestId, deadlineAt: Infinity };
      await runInContext(context, () => found.handle(payload.data as never, this.stopping.signal));
      this.done.inc({ job: job.name, outcome: 'done' });
      if (performance.now() - startedAt > (found.job.slowMs ?? SLOW_MS)) this.ended(job);
    } catch (error) {
      if (this.stopping.signal.aborted && !(error instanceof UnrecoverableError)) {
        // Given up for the stop, as far as anybody can tell: somebody else takes it at once, and it has cost no attempt.
        await job.moveToWait(token);
        this.done.inc({ job: job.name, outcome: 'handed_back' });
        throw new WaitingError();
      }
      this.done.inc({ job: job.name, outcome: 'failed' });
      throw error;
    } finally {
      stop();
    }
  }

  /** Leaves the job to a worker of another version: it did not fail, so it costs no attempt. */
  private async handBack(job: BullJob<Envelope>, reason: string, token?: string): Promise<never> {
    this.done.inc({ job: job.name, outcome: 'unknown' });
    const fields = { requestId: job.data.requestId, queue: job.queueName, job: job.name, id: job.id, reason };
    this.log.throttled(`${job.name} handed back`, fields, 'job handed back', { burst: 1, everyMs: 60_000 });
    await job.moveToDelayed(Date.now() + pauseOfUnknown(job.attemptsStarted), token);
    throw new DelayedError();
  }

  /** Without an error it was only slow. Stalling too often ends here too. */
  private ended(job: BullJob<Envelope> | undefined, error?: Error): void {
    const code = error && (error instanceof UnrecoverableError ? 'unrecoverable' : toAppError(error).code);
    const fields = {
      ...{ requestId: job?.data.requestId, queue: job?.queueName, job: job?.name, id: job?.id },
      // A bug is logged with its stack.
      ...{ attempt: error && job?.attemptsMade, code, err: code === 'internal' ? error : undefined },
      ...{ reason: error ? reasonOf(error) : 'slow', durationMs: job?.processedOn && Date.now() - job.processedOn },
    };
    const message = error ? 'job failed' : 'slow job';
    this.log.throttled(`${message} ${job?.name} ${code}`, fields, message);
  }

  private producer(name: string): Queue {
    let queue = this.producers.get(name);
    if (!queue) {
      // BullMQ would ask Redis for its version first, once, and fail for ever if that answer was late.
      const options = { prefix: prefixOf(name), skipVersionCheck: true };
      queue = new Queue(name, { connection: this.connect({ commandTimeout: 1000 }), ...options });
      queue.on('error', () => undefined); // Told once per outage by connectRedis.
      this.producers.set(name, queue);
    }
    return queue;
  }

  private connect(options: RedisOptions): Redis {
    const client = connectRedis(this.config.REDIS_STATE_URL, this.log, 'queues', { lazyConnect: false, ...options });
    this.connections.push(client);
    return client;
  }
}

@Module({ providers: [Queues], exports: [Queues] })
export class QueueModule {}
