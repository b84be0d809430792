import { CategoryRow } from './products/category.entity.js';
import { CreateCatalog1763800000000 } from './migrations/create-catalog.js';
import { CreateReservations1763800000001 } from './migrations/create-reservations.js';
import { ReserveTogether1763800000002 } from './migrations/reserve-together.js';
import { CreatePictures1763800000003 } from './migrations/create-pictures.js';
import { CountAttempts1763800000004 } from './migrations/count-attempts.js';
import { IndexFilters1764600000300 } from './migrations/index-filters.js';
import { CountProducts1764600000400 } from './migrations/count-products.js';
import { CountExistingProducts1764600000401 } from './migrations/count-existing-products.js';
import { PrepareSitemaps1764600000402 } from './migrations/prepare-sitemaps.js';
import { ProductRow } from './products/product.entity.js';

export const entities = [CategoryRow, ProductRow];
export const migrations = [
  CreateCatalog1763800000000,
  CreateReservations1763800000001,
  ReserveTogether1763800000002,
  CreatePictures1763800000003,
  CountAttempts1763800000004,
  IndexFilters1764600000300,
  CountProducts1764600000400,
  CountExistingProducts1764600000401,
  PrepareSitemaps1764600000402,
];
