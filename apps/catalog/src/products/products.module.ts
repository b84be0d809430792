import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RedisCacheModule } from '@shop/kit/redis';
import { entities } from '../database.js';
import { Browsing } from './browsing.js';
import { CategoryCounts } from './category-counts.js';
import { ProductReads } from './product-reads.js';
import { ProductsController } from './products.controller.js';
import { ProductsService } from './products.service.js';
import { SharedCache } from './shared-cache.js';
import { Sitemaps } from './sitemaps.js';

@Module({
  imports: [TypeOrmModule.forFeature(entities, 'catalog'), RedisCacheModule],
  controllers: [ProductsController],
  providers: [Browsing, CategoryCounts, ProductReads, ProductsService, SharedCache, Sitemaps],
  exports: [SharedCache],
})
export class ProductsModule {}
