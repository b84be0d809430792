import { CategoryRow } from './category.entity.js';
import { CreateCatalog1763800000000 } from './migrations/1763800000000-create-catalog.js';
import { CreateReservations1763800000001 } from './migrations/1763800000001-create-reservations.js';
import { ReserveTogether1763800000002 } from './migrations/1763800000002-reserve-together.js';
import { CreatePictures1763800000003 } from './migrations/1763800000003-create-pictures.js';
import { CountAttempts1763800000004 } from './migrations/1763800000004-count-attempts.js';
import { IndexFilters1764600000300 } from './migrations/1764600000300-index-filters.js';
import { CountProducts1764600000400 } from './migrations/1764600000400-count-products.js';
import { CountExistingProducts1764600000401 } from './migrations/1764600000401-count-existing-products.js';
import { PrepareSitemaps1764600000402 } from './migrations/1764600000402-prepare-sitemaps.js';
import { ProductRow } from './product.entity.js';

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
