import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { catalogRpc } from '@shop/contracts/catalog';
import { databaseModule } from '@shop/kit/database';
import { RedisCacheModule } from '@shop/kit/redis';
import { defineService } from '@shop/kit/service';
import { entities, migrations } from './catalog-database.js';
import { catalogConfig } from './catalog.config.js';
import { CatalogController } from './catalog.controller.js';
import { CatalogReads } from './catalog-reads.js';
import { ProductsService } from './products.service.js';
import { Reservations } from './reserve.js';
import { Seed } from './seed.js';
import { SharedCache } from './shared-cache.js';
import { Sweep } from './sweep.js';

@Module({
  imports: [
    databaseModule({ name: 'catalog', config: catalogConfig, url: 'CATALOG_DATABASE_URL', entities, migrations }),
    TypeOrmModule.forFeature(entities, 'catalog'),
    RedisCacheModule,
  ],
  controllers: [CatalogController],
  providers: [CatalogReads, ProductsService, Reservations, Seed, SharedCache, Sweep],
})
export class CatalogModule {}

export const catalog = defineService({
  name: 'catalog',
  module: CatalogModule,
  config: catalogConfig,
  rpc: catalogRpc,
});
