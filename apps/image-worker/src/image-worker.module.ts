import { availableParallelism } from 'node:os';
import { Module } from '@nestjs/common';
import { imageWorkerJobs } from '@shop/contracts/images';
import { QueueModule } from '@shop/kit/queue';
import { defineService } from '@shop/kit/service';
import { StorageModule } from '@shop/kit/storage';
import { Children } from './children.js';
import { imageWorkerConfig, type ImageWorkerConfig } from './image-worker.config.js';
import { ProcessImage } from './process-image.js';

@Module({ imports: [QueueModule, StorageModule], providers: [Children, ProcessImage] })
class ImageWorkerModule {}

export const imageWorker = defineService({
  name: 'image-worker',
  module: ImageWorkerModule,
  config: imageWorkerConfig,
  jobs: imageWorkerJobs,
  concurrency: ({ IMAGE_CONCURRENCY }: ImageWorkerConfig) => IMAGE_CONCURRENCY ?? availableParallelism(),
});
