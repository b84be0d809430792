import { CountAttempts } from './migrations/count-attempts.js';
import { CountExistingProducts } from './migrations/count-existing-products.js';
import { CountProducts } from './migrations/count-products.js';
import { CreateCatalog } from './migrations/create-catalog.js';
import { CreatePictures } from './migrations/create-pictures.js';
import { CreateReservations } from './migrations/create-reservations.js';
import { IndexFilters } from './migrations/index-filters.js';
import { PrepareSitemaps } from './migrations/prepare-sitemaps.js';
import { ReserveTogether } from './migrations/reserve-together.js';
import { CategoryEntity } from './products/category.entity.js';
import { ProductEntity } from './products/product.entity.js';

export const entities = [CategoryEntity, ProductEntity];
export const migrations = [
  CreateCatalog,
  CreateReservations,
  ReserveTogether,
  CreatePictures,
  CountAttempts,
  IndexFilters,
  CountProducts,
  CountExistingProducts,
  PrepareSitemaps,
];
