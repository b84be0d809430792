// Jobs for the image worker. The rows say what there is to do; the queue only says when.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { imageWorkerJobs } from '@shop/contracts/images';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { gauge } from '@shop/kit/metrics';
import { Queues } from '@shop/kit/queue';
import { exportQueueDepth } from '@shop/kit/queue-depth';
import { DataSource } from 'typeorm';

const { processPicture } = imageWorkerJobs;

/** Smaller numbers come first, and jobs without a number before all others. */
const priorities = { firstOfProduct: undefined, further: 10, demo: 50, again: 100 };
export type Priority = keyof typeof priorities;

/** Bounds the cost of the metric, which every scrape of every replica pays. */
const MAX_COUNTED = 10_000;

@Injectable()
export class ImageQueue {
  constructor(
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {
    this.exportMetrics();
  }

  /** Adds a job if the file needs work. Without Redis the sweep adds it later. */
  async add(hash: string, priority?: Priority): Promise<void> {
    const [file] = await sql<{ kind: Priority }>(
      this.dataSource,
      `select case
         when p.shown is not null then 'again'
         when exists (
           select from images i where i.picture = p.hash and not exists (
             select from images o
             where o.product_id = i.product_id and (o.position, o.id) < (i.position, i.id))
         ) then 'firstOfProduct'
         else 'further' end as kind
       from pictures p
       where p.hash = $1 and p.status in ('waiting', 'working') and p.upload is null and p.unshown_at is null`,
      [hash],
    );
    if (!file) return;
    await this.queues
      .add(processPicture, { hash }, { id: hash, priority: priorities[priority ?? file.kind] })
      .catch((error: unknown) => {
        const message = 'An image waits for the next sweep';
        this.log.throttled(message, { err: error, image: hash }, message);
      });
  }

  /** The number of jobs that are not done. */
  depth(): Promise<number> {
    return this.queues.depth(processPicture.queue);
  }

  /** Exported here because there may be no worker. Values that cannot be read are left out. */
  private exportMetrics(): void {
    const { queue } = processPicture;
    exportQueueDepth(queue, () => this.depth());
    const oldest = gauge('queue_oldest_seconds', 'Age of the oldest job that is next, running or waiting for a retry', [
      'queue',
    ]);
    const files = gauge('pictures', `Image files by status, counted up to ${MAX_COUNTED}`, ['status']);
    const fill = (metric: object, collect: () => Promise<void>) => Object.assign(metric, { collect });
    fill(oldest, () => measure(oldest, queue, this.queues.oldestSeconds(queue)));
    fill(files, async () => {
      files.reset();
      const rows = await sql<{ status: string; count: number }>(
        this.dataSource,
        `select status, (
           select count(*)::integer from (
             select from pictures p where p.status = s.status and unshown_at is null limit ${MAX_COUNTED}) as counted
         ) as count
         from unnest(array['waiting', 'working', 'ready', 'failed']) as s (status)`,
      ).catch(() => []);
      for (const { status, count } of rows) if (count > 0) files.set({ status }, count);
    });
  }
}

async function measure(
  metric: ReturnType<typeof gauge<'queue'>>,
  queue: string,
  asked: Promise<number>,
): Promise<void> {
  metric.reset();
  const value = await asked.catch(() => undefined);
  if (value !== undefined) metric.set({ queue }, value);
}
