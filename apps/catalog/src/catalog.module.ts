import { Module } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { databaseModule } from '@shop/kit/database';
import { defineService } from '@shop/kit/service';
import { StorageModule } from '@shop/kit/storage';
import { catalogConfig } from './catalog.config.js';
import { entities, migrations } from './database.js';
import { ImagesModule } from './images/images.module.js';
import { ProductsModule } from './products/products.module.js';
import { SeedImages } from './seed/seed-images.js';
import { Seed } from './seed/seed.js';
import { StockModule } from './stock/stock.module.js';

@Module({
  imports: [
    databaseModule({ name: 'catalog', config: catalogConfig, url: 'CATALOG_DATABASE_URL', entities, migrations }),
    ProductsModule,
    StockModule,
    ImagesModule,
    StorageModule,
  ],
  providers: [Seed, SeedImages],
})
export class CatalogModule {}

export const catalog = defineService({
  name: 'catalog',
  module: CatalogModule,
  config: catalogConfig,
  rpc: catalogRpc,
});
