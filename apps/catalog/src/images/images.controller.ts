// The catalog's procedures about images, one line each.
import { Controller } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { Handles } from '@shop/rpc/handles';
import { Checklist } from './checklist.js';
import { ImagesService } from './images.service.js';

type In<K extends keyof typeof catalogRpc> = InputOf<(typeof catalogRpc)[K]>;
type Out<K extends keyof typeof catalogRpc> = Promise<OutputOf<(typeof catalogRpc)[K]>>;

@Controller()
export class ImagesController {
  constructor(
    private readonly images: ImagesService,
    private readonly checklist: Checklist,
  ) {}

  @Handles(catalogRpc.findProduct)
  findProduct({ product }: In<'findProduct'>): Out<'findProduct'> {
    return this.images.findProduct(product);
  }

  @Handles(catalogRpc.addImage)
  addImage({ product, upload, alt }: In<'addImage'>): Out<'addImage'> {
    return this.images.add(product, upload, { alt });
  }

  @Handles(catalogRpc.getImage)
  getImage({ id }: In<'getImage'>): Out<'getImage'> {
    return this.images.get(id);
  }

  @Handles(catalogRpc.listImages)
  async listImages({ product }: In<'listImages'>): Out<'listImages'> {
    return { items: await this.images.list(product) };
  }

  @Handles(catalogRpc.removeImage)
  async removeImage({ id }: In<'removeImage'>): Out<'removeImage'> {
    await this.images.remove(id);
    return { done: true };
  }

  @Handles(catalogRpc.orderImages)
  async orderImages({ product, ids }: In<'orderImages'>): Out<'orderImages'> {
    return { items: await this.images.order(product, ids) };
  }

  @Handles(catalogRpc.beginPicture)
  async beginPicture({ hash, attempt }: In<'beginPicture'>): Out<'beginPicture'> {
    return { work: await this.checklist.begin(hash, attempt) };
  }

  @Handles(catalogRpc.leavePicture)
  async leavePicture({ hash, attempt }: In<'leavePicture'>): Out<'leavePicture'> {
    await this.checklist.leave(hash, attempt);
    return { done: true };
  }

  @Handles(catalogRpc.tickPicture)
  async tickPicture({ hash, done }: In<'tickPicture'>): Out<'tickPicture'> {
    await this.checklist.complete(hash, done);
    return { done: true };
  }

  @Handles(catalogRpc.failPicture)
  async failPicture({ hash, reason }: In<'failPicture'>): Out<'failPicture'> {
    await this.checklist.fail(hash, reason);
    return { done: true };
  }

  @Handles(catalogRpc.reprocessPictures)
  async reprocessPictures(): Out<'reprocessPictures'> {
    return { pictures: await this.checklist.reprocessAll() };
  }
}
