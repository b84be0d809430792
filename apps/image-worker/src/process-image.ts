// Job `processPicture`: takes the steps of an image that are not done, and reports each to the catalog as it ends.
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { imageWorkerJobs } from '@shop/contracts/images';
import type { PayloadOf } from '@shop/contracts/jobs';
import { failPoint } from '@shop/kit/fail-point';
import { HandlesJob } from '@shop/kit/handles-job';
import { Log } from '@shop/kit/log';
import { histogram } from '@shop/kit/metrics';
import { isMissing, STORAGE, type Storage } from '@shop/kit/storage';
import { AppError, toAppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import { Broken, Children } from './children.js';
import { Refused } from './refused.js';
import type { Taken } from './take-steps.js';

/** An image fails after it has broken this many child processes in a row. */
const MAX_TRIES = 3;

@Injectable()
export class ProcessImage {
  private readonly seconds = histogram('picture_step_seconds', 'Time that a step of an image takes', ['step']);

  constructor(
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly rpc: Rpc,
    private readonly children: Children,
    private readonly log: Log,
  ) {}

  @HandlesJob(imageWorkerJobs.processPicture)
  async processImage({ hash }: PayloadOf<typeof imageWorkerJobs.processPicture>, stopping: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.takeSteps(hash, stopping);
      } catch (error) {
        if (error instanceof Refused) return this.fail(hash, error.message);
        if (!(error instanceof Broken)) throw error;
        this.log.error({ err: error, image: hash, attempt }, 'an image broke its child process');
        if (attempt === MAX_TRIES)
          return this.fail(hash, `Processing it failed ${MAX_TRIES} times; the log has the errors`);
      }
    }
  }

  private async takeSteps(hash: string, stopping: AbortSignal): Promise<void> {
    const attempt = randomUUID();
    try {
      const { work } = await this.rpc.call(catalogRpc.beginPicture, { hash, attempt });
      failPoint('image-worker.image.after-beginning');
      if (!work) return;
      const bytes = await this.original(work.key);
      const task = { hash, bytes, done: work.done };
      for await (const taken of this.children.takeSteps(task, stopping)) await this.report(hash, taken);
    } catch (error) {
      // The catalog counts attempts that it never hears of again; this one says that the image is not to blame.
      if (stopping.aborted || toAppError(error).status === 503)
        await this.rpc.call(catalogRpc.leavePicture, { hash, attempt }).catch(() => undefined);
      throw error;
    }
  }

  /** Files first: a completed step has its files. After a crash in between, the same files are written again. */
  private async report(hash: string, { done, files, seconds }: Taken): Promise<void> {
    this.seconds.observe({ step: done.step }, seconds);
    await Promise.all(files.map(({ key, type, bytes }) => this.storage.put(key, bytes, { contentType: type })));
    failPoint(`image-worker.image.before-reporting-${done.step}`);
    await this.rpc.call(catalogRpc.tickPicture, { hash, done });
    failPoint(`image-worker.image.after-reporting-${done.step}`);
  }

  private async original(key: string): Promise<Buffer> {
    try {
      // Not getBytes: for an empty file in a folder flydrive returns 8 kB of unrelated memory.
      return Buffer.concat((await (await this.storage.getStream(key)).toArray()) as Buffer[]);
    } catch (error) {
      if (isMissing(error)) throw new Refused('Its original is gone');
      throw new AppError('unavailable', `an original cannot be read: ${String(error)}`);
    }
  }

  private async fail(hash: string, reason: string): Promise<void> {
    this.log.warn({ image: hash, reason }, 'image failed');
    await this.rpc.call(catalogRpc.failPicture, { hash, reason });
  }
}
