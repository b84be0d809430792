// The tick list: what the image worker asks and tells.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, originalKey, type ImageType, type StepDone } from '@shop/contracts/images';
import type { OutputOf } from '@shop/contracts/rpc';
import { inTransaction, sql } from '@shop/kit/database';
import { DataSource } from 'typeorm';
import { resultsOf, type Steps } from './image-json.js';
import { retag } from './picture-tags.js';
import { SharedCache } from './shared-cache.js';

type Work = OutputOf<typeof catalogRpc.beginPicture>['work'];

@Injectable()
export class PicturesService {
  constructor(
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly cache: SharedCache,
  ) {}

  /** Null when there is nothing to do, or nothing yet: its original is not in its place. */
  async begin(hash: string): Promise<Work> {
    const [picture] = await sql<{ type: ImageType; steps: Steps }>(
      this.dataSource,
      `update pictures set status = 'working', touched_at = now()
       where hash = $1 and status in ('waiting', 'working') and upload is null and unshown_at is null
       returning type, steps`,
      [hash],
    );
    return picture ? { key: originalKey(hash), type: picture.type, done: resultsOf(picture.steps) } : null;
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
        `update pictures set steps = $2, status = $3, shown = coalesce($4, shown), touched_at = now() where hash = $1`,
        [hash, steps, isReady ? 'ready' : 'working', isReady ? resultsOf(steps) : null],
      );
      if (!isReady) return [];
      const images = await sql<{ product_id: string }>('select product_id from images where picture = $1', [hash]);
      return retag(
        sql,
        images.map(({ product_id }) => product_id),
      );
    });
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
  const [answer] = await sql<{ pictures: number }>(
    dataSource,
    `with again as (
       update pictures set status = 'waiting', reason = null, steps = '{}', touched_at = '-infinity'
       where unshown_at is null
       returning 1
     ) select count(*)::integer as pictures from again`,
  );
  return answer!.pictures;
}
