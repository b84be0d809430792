import { Module } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { databaseModule } from '@shop/kit/database';
import { QueueModule } from '@shop/kit/queue';
import { defineService } from '@shop/kit/service';
import { StorageModule } from '@shop/kit/storage';
import { catalogConfig } from './catalog.config.js';
import { entities, migrations } from './database.js';
import { ImagesController } from './images/images.controller.js';
import { ImagesService } from './images/images.service.js';
import { PictureFiles } from './images/image-storage.js';
import { PictureQueue } from './images/image-queue.js';
import { PictureSweep } from './images/image-sweep.js';
import { PicturesService } from './images/checklist.js';
import { ProductsModule } from './products/products.module.js';
import { Seed } from './seed/seed.js';
import { SeedImages } from './seed/seed-images.js';
import { StockModule } from './stock/stock.module.js';

@Module({
  imports: [
    databaseModule({ name: 'catalog', config: catalogConfig, url: 'CATALOG_DATABASE_URL', entities, migrations }),
    ProductsModule,
    StockModule,
    QueueModule,
    StorageModule,
  ],
  controllers: [ImagesController],
  providers: [ImagesService, PictureFiles, PictureQueue, PictureSweep, PicturesService, Seed, SeedImages],
})
export class CatalogModule {}

export const catalog = defineService({
  name: 'catalog',
  module: CatalogModule,
  config: catalogConfig,
  rpc: catalogRpc,
});
