// The checklist of each image file, which the image worker reads and completes.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, originalKey, type ImageType, type StepDone } from '@shop/contracts/images';
import type { OutputOf } from '@shop/contracts/rpc';
import { failPoint } from '@shop/kit/fail-point';
import { inTransaction, sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { DataSource } from 'typeorm';
import { resultsOf, type Steps } from './image-json.js';
import { retag } from './image-tags.js';
import { SharedCache } from '../products/shared-cache.js';

/** After this many attempts in a row that were never heard of again, the image probably crashes its workers. */
const MAX_ATTEMPTS = 5;

/** Image files per transaction. */
const REPROCESS_BATCH = 1000;

type Work = OutputOf<typeof catalogRpc.beginPicture>['work'];

@Injectable()
export class Checklist {
  constructor(
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly cache: SharedCache,
    private readonly log: Log,
  ) {}

  /** Returns null when nothing is left to do, or when the original is not in its place yet. */
  async begin(hash: string, attempt?: string): Promise<Work> {
    // An attempt counts once, however often it is reported.
    const [file] = await sql<{ type: ImageType; steps: Steps; failed: boolean }>(
      this.dataSource,
      `with begun as (
         select array_remove(array_remove(attempts, $2::uuid) || $2::uuid, null) as attempts from pictures
         where hash = $1 and status in ('waiting', 'working') and upload is null and unshown_at is null
         for update
       ), counted as (
         select attempts, cardinality(attempts) > $3 as failed from begun
       )
       update pictures set attempts = counted.attempts, touched_at = now(),
         status = case when failed then 'failed' else 'working' end,
         reason = case when failed then $4 end
       from counted where hash = $1
       returning type, steps, failed`,
      [
        hash,
        attempt ?? null,
        MAX_ATTEMPTS,
        `Processing it broke off ${MAX_ATTEMPTS} times without getting any further`,
      ],
    );
    failPoint('catalog.image.after-beginning');
    if (file?.failed) this.log.error({ image: hash }, 'an image fails because its workers probably crash');
    if (!file || file.failed) return null;
    return { key: originalKey(hash), type: file.type, done: resultsOf(file.steps) };
  }

  /** This attempt ended for a reason that does not count against the image. */
  async leave(hash: string, attempt: string): Promise<void> {
    await sql(this.dataSource, 'update pictures set attempts = array_remove(attempts, $2::uuid) where hash = $1', [
      hash,
      attempt,
    ]);
  }

  /** The first result of a step stays. The last step makes the new results visible to shoppers. */
  async complete(hash: string, { step, result }: StepDone): Promise<void> {
    const changed = await inTransaction(this.dataSource, async (sql) => {
      const [file] = await sql<{ steps: Steps }>(
        `select steps from pictures where hash = $1 and status in ('waiting', 'working') for update`,
        [hash],
      );
      if (!file || file.steps[step]) return [];
      const steps = { ...file.steps, [step]: { doneAt: new Date().toISOString(), result } };
      const isReady = ImageStep.options.every((name) => steps[name]);
      await sql(
        `update pictures set steps = $2, status = $3, shown = coalesce($4, shown), attempts = '{}', touched_at = now()
         where hash = $1`,
        [hash, steps, isReady ? 'ready' : 'working', isReady ? resultsOf(steps) : null],
      );
      if (!isReady) return [];
      const images = await sql<{ product_id: string }>('select product_id from images where picture = $1', [hash]);
      return retag(
        sql,
        images.map(({ product_id }) => product_id),
      );
    });
    failPoint('catalog.image.after-completing');
    if (changed.length > 0) await this.cache.invalidate(changed);
  }

  /** Shoppers go on seeing the previous results. */
  async fail(hash: string, reason: string): Promise<void> {
    await sql(
      this.dataSource,
      `update pictures set status = 'failed', reason = $2, touched_at = now()
       where hash = $1 and status in ('waiting', 'working')`,
      [hash, reason],
    );
  }

  reprocessAll(): Promise<number> {
    return reprocessAll(this.dataSource);
  }
}

/** Only marks the rows: the sweep fills the queue as it empties. Returns the number of image files. */
export async function reprocessAll(dataSource: DataSource): Promise<number> {
  let files = 0;
  // In short transactions, so that no image in progress waits long.
  for (let after: string | null = ''; after !== null;) {
    const [batch]: { count: number; last: string | null }[] = await sql(
      dataSource,
      `with batch as (
         select hash from pictures where hash > $1 and unshown_at is null order by hash limit $2 for update
       ), again as (
         update pictures p set status = 'waiting', reason = null, steps = '{}', attempts = '{}', touched_at = '-infinity'
         from batch where p.hash = batch.hash and unshown_at is null
         returning 1
       )
       select (select count(*) from again)::integer as count, max(hash) as last from batch`,
      [after, REPROCESS_BATCH],
    );
    files += batch!.count;
    after = batch!.last;
  }
  return files;
}
