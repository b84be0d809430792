import { Module } from '@nestjs/common';
import { QueueModule } from '@shop/kit/queue';
import { StorageModule } from '@shop/kit/storage';
import { ProductsModule } from '../products/products.module.js';
import { Checklist } from './checklist.js';
import { ImageQueue } from './image-queue.js';
import { ImageStorage } from './image-storage.js';
import { ImageSweep } from './image-sweep.js';
import { ImagesController } from './images.controller.js';
import { ImagesService } from './images.service.js';

@Module({
  imports: [ProductsModule, QueueModule, StorageModule],
  controllers: [ImagesController],
  providers: [Checklist, ImageQueue, ImagesService, ImageStorage, ImageSweep],
  exports: [ImagesService],
})
export class ImagesModule {}
