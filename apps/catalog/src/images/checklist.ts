// The tick list: what the image worker asks and tells.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, originalKey, type ImageType, type StepDone } from '@shop/contracts/images';
import type { OutputOf } from '@shop/contracts/rpc';
import { crashPoint } from '@shop/kit/crash-point';
import { inTransaction, sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { DataSource } from 'typeorm';
import { resultsOf, type Steps } from './image-json.js';
import { retag } from './image-tags.js';
import { SharedCache } from '../products/shared-cache.js';

/** So many in a row that nobody heard of again, and it is the picture that ends whoever works on it. */
const MOST_ATTEMPTS = 5;

/** Pictures that are marked to be processed again in one transaction. */
const REPROCESSED_AT_ONCE = 1000;

type Work = OutputOf<typeof catalogRpc.beginPicture>['work'];

@Injectable()
export class PicturesService {
  constructor(
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly cache: SharedCache,
    private readonly log: Log,
  ) {}

  /** Null when there is nothing to do, or nothing yet: its original is not in its place. */
  async begin(hash: string, attempt?: string): Promise<Work> {
    // The same attempt counts once, however often it is told.
    const [picture] = await sql<{ type: ImageType; steps: Steps; failed: boolean }>(
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
        MOST_ATTEMPTS,
        `Processing it broke off ${MOST_ATTEMPTS} times without getting any further`,
      ],
    );
    crashPoint('catalog.picture.after-beginning');
    if (picture?.failed) this.log.error({ picture: hash }, 'a picture fails that ends whoever works on it');
    if (!picture || picture.failed) return null;
    return { key: originalKey(hash), type: picture.type, done: resultsOf(picture.steps) };
  }

  /** What ended this attempt says nothing about the picture. */
  async leave(hash: string, attempt: string): Promise<void> {
    await sql(this.dataSource, 'update pictures set attempts = array_remove(attempts, $2::uuid) where hash = $1', [
      hash,
      attempt,
    ]);
  }

  /** The first result of a step stays. With the last step shoppers see the picture, in place of what it was before. */
  async tick(hash: string, { step, result }: StepDone): Promise<void> {
    const changed = await inTransaction(this.dataSource, async (sql) => {
      const [picture] = await sql<{ steps: Steps }>(
        `select steps from pictures where hash = $1 and status in ('waiting', 'working') for update`,
        [hash],
      );
      if (!picture || picture.steps[step]) return [];
      const steps = { ...picture.steps, [step]: { doneAt: new Date().toISOString(), result } };
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
    crashPoint('catalog.picture.after-ticking');
    if (changed.length > 0) await this.cache.invalidate(changed);
  }

  /** What shoppers saw of it they go on seeing. */
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

/** Only writes it down: the sweep puts them into the queue, as much as that should hold. */
export async function reprocessAll(dataSource: DataSource): Promise<number> {
  let pictures = 0;
  // In short transactions, so that none of those that are worked on waits long.
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
      [after, REPROCESSED_AT_ONCE],
    );
    pictures += batch!.count;
    after = batch!.last;
  }
  return pictures;
}
