// Turns uploaded originals into web sizes. Empty until pictures can be uploaded: it boots, is healthy and waits.
import { Module } from '@nestjs/common';
import { defineService } from '@shop/kit/service';

@Module({})
class ImageWorkerModule {}

export const imageWorker = defineService({ name: 'image-worker', module: ImageWorkerModule });
