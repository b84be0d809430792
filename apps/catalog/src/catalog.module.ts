import { Module } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { databaseModule } from '@shop/kit/database';
import { QueueModule } from '@shop/kit/queue';
import { defineService } from '@shop/kit/service';
import { StorageModule } from '@shop/kit/storage';
import { catalogConfig } from './catalog.config.js';
import { entities, migrations } from './database.js';
import { ImagesController } from './images.controller.js';
import { ImagesService } from './images.service.js';
import { PictureFiles } from './picture-files.js';
import { PictureQueue } from './picture-queue.js';
import { PictureSweep } from './picture-sweep.js';
import { PicturesService } from './pictures.service.js';
import { ProductsModule } from './products/products.module.js';
import { SeedPictures } from './seed-pictures.js';
import { Seed } from './seed/seed.js';
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
  providers: [ImagesService, PictureFiles, PictureQueue, PictureSweep, PicturesService, Seed, SeedPictures],
})
export class CatalogModule {}

export const catalog = defineService({
  name: 'catalog',
  module: CatalogModule,
  config: catalogConfig,
  rpc: catalogRpc,
});
