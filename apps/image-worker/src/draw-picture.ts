// Job `drawPicture`: a product of the demo shop gets a picture, uploaded like anybody's.
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { imageWorkerJobs, uploadKey } from '@shop/contracts/images';
import type { PayloadOf } from '@shop/contracts/jobs';
import { AppError } from '@shop/kit/errors';
import { HandlesJob } from '@shop/kit/handles-job';
import { Rpc } from '@shop/kit/rpc/rpc';
import { STORAGE, type Storage } from '@shop/kit/storage';
import { Children } from './children.js';

@Injectable()
export class DrawPicture {
  constructor(
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly rpc: Rpc,
    private readonly children: Children,
  ) {}

  @HandlesJob(imageWorkerJobs.drawPicture)
  async drawPicture(product: PayloadOf<typeof imageWorkerJobs.drawPicture>, stopping: AbortSignal): Promise<void> {
    for await (const bytes of this.children.run('draw', product, stopping)) {
      // Under the product's own id: drawn again after a crash, it replaces what nobody took over.
      const key = uploadKey(product.productId);
      const hash = createHash('sha256').update(bytes).digest('hex');
      await this.storage.put(key, bytes, { contentType: 'image/jpeg' });
      const upload = { key, hash, type: 'image/jpeg' as const, bytes: bytes.length };
      try {
        await this.rpc.call(catalogRpc.addImage, { product: product.productId, upload, alt: product.name });
      } catch (error) {
        // Nobody knows what came of it, except when there is no such product.
        if (!(error instanceof AppError && error.code === 'not_found')) throw error;
        await this.storage.delete(key);
      }
    }
  }
}
