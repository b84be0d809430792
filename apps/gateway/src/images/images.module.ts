import { Module } from '@nestjs/common';
import { StorageModule } from '@shop/kit/storage';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ImagesController } from './images.controller.js';
import { MediaController } from './media.controller.js';
import { Uploads } from './uploads.js';

@Module({
  imports: [SessionsModule, StorageModule],
  controllers: [ImagesController, MediaController],
  providers: [Uploads],
})
export class ImagesModule {}
