// Job `processPicture`: takes the steps of a picture that are not done, and tells the catalog of each as it ends.
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { imageWorkerJobs } from '@shop/contracts/images';
import type { PayloadOf } from '@shop/contracts/jobs';
import { crashPoint } from '@shop/kit/crash-point';
import { AppError, toAppError } from '@shop/kit/errors';
import { HandlesJob } from '@shop/kit/handles-job';
import { Log } from '@shop/kit/log';
import { histogram } from '@shop/kit/metrics';
import { Rpc } from '@shop/kit/rpc/rpc';
import { isMissing, STORAGE, type Storage } from '@shop/kit/storage';
import { Broken, Children } from './children.js';
import { Refused } from './refused.js';
import type { Taken } from './take-steps.js';

/** A picture that breaks so many processes in a row is to blame for it. */
const TRIES = 3;

@Injectable()
export class ProcessPicture {
  private readonly seconds = histogram('picture_step_seconds', 'Time a step of a picture takes', ['step']);

  constructor(
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly rpc: Rpc,
    private readonly children: Children,
    private readonly log: Log,
  ) {}

  @HandlesJob(imageWorkerJobs.processPicture)
  async processPicture(
    { hash }: PayloadOf<typeof imageWorkerJobs.processPicture>,
    stopping: AbortSignal,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.takeSteps(hash, stopping);
      } catch (error) {
        if (error instanceof Refused) return this.fail(hash, error.message);
        if (!(error instanceof Broken)) throw error;
        this.log.error({ err: error, picture: hash, attempt }, 'a picture broke its process');
        if (attempt === TRIES) return this.fail(hash, `Processing it failed ${TRIES} times; the log says how`);
      }
    }
  }

  private async takeSteps(hash: string, stopping: AbortSignal): Promise<void> {
    const attempt = randomUUID();
    try {
      const { work } = await this.rpc.call(catalogRpc.beginPicture, { hash, attempt });
      crashPoint('image-worker.picture.after-beginning');
      if (!work) return;
      const bytes = await this.original(work.key);
      const task = { picture: hash, bytes, done: work.done };
      for await (const taken of this.children.takeSteps(task, stopping)) await this.tick(hash, taken);
    } catch (error) {
      // The catalog counts the attempts of which it does not hear again: this one is not to be among them.
      if (stopping.aborted || toAppError(error).status === 503)
        await this.rpc.call(catalogRpc.leavePicture, { hash, attempt }).catch(() => undefined);
      throw error;
    }
  }

  /** Files first: a step that counts as done has them. A worker that dies in between makes the same files again. */
  private async tick(hash: string, { done, files, seconds }: Taken): Promise<void> {
    this.seconds.observe({ step: done.step }, seconds);
    await Promise.all(files.map(({ key, type, bytes }) => this.storage.put(key, bytes, { contentType: type })));
    crashPoint(`image-worker.picture.before-ticking-${done.step}`);
    await this.rpc.call(catalogRpc.tickPicture, { hash, done });
    crashPoint(`image-worker.picture.after-ticking-${done.step}`);
  }

  private async original(key: string): Promise<Buffer> {
    try {
      // Not getBytes: flydrive's gives 8 kB of something else for an empty file in a folder.
      return Buffer.concat((await (await this.storage.getStream(key)).toArray()) as Buffer[]);
    } catch (error) {
      if (isMissing(error)) throw new Refused('Its original is gone');
      throw new AppError('unavailable', `an original cannot be read: ${String(error)}`);
    }
  }

  private async fail(hash: string, reason: string): Promise<void> {
    this.log.warn({ picture: hash, reason }, 'picture failed');
    await this.rpc.call(catalogRpc.failPicture, { hash, reason });
  }
}
