import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { catalogRpc } from '@shop/contracts/catalog';
import { databaseModule } from '@shop/kit/database';
import { QueueModule } from '@shop/kit/queue';
import { RedisCacheModule } from '@shop/kit/redis';
import { defineService } from '@shop/kit/service';
import { StorageModule } from '@shop/kit/storage';
import { Browsing } from './products/browsing.js';
import { entities, migrations } from './database.js';
import { catalogConfig } from './catalog.config.js';
import { CatalogController } from './products/products.controller.js';
import { CatalogReads } from './products/product-reads.js';
import { CategoryCounts } from './products/category-counts.js';
import { ImagesController } from './images.controller.js';
import { ImagesService } from './images.service.js';
import { PictureFiles } from './picture-files.js';
import { PictureQueue } from './picture-queue.js';
import { PictureSweep } from './picture-sweep.js';
import { PicturesService } from './pictures.service.js';
import { ProductsService } from './products/products.service.js';
import { Reservations } from './stock/reserve.js';
import { Seed } from './seed/seed.js';
import { SeedPictures } from './seed-pictures.js';
import { SharedCache } from './products/shared-cache.js';
import { Sitemaps } from './products/sitemaps.js';
import { Sweep } from './stock/reservation-sweep.js';

@Module({
  imports: [
    databaseModule({ name: 'catalog', config: catalogConfig, url: 'CATALOG_DATABASE_URL', entities, migrations }),
    TypeOrmModule.forFeature(entities, 'catalog'),
    RedisCacheModule,
    QueueModule,
    StorageModule,
  ],
  controllers: [CatalogController, ImagesController],
  providers: [
    Browsing,
    CatalogReads,
    CategoryCounts,
    ImagesService,
    PictureFiles,
    PictureQueue,
    PictureSweep,
    PicturesService,
    ProductsService,
    Reservations,
    Seed,
    SeedPictures,
    SharedCache,
    Sitemaps,
    Sweep,
  ],
})
export class CatalogModule {}

export const catalog = defineService({
  name: 'catalog',
  module: CatalogModule,
  config: catalogConfig,
  rpc: catalogRpc,
});
