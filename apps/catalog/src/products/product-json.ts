// From a row of `products` to what the shop says of it.
import { CURRENCY } from '@shop/contracts/currency';
import type {
  Product,
  ProductImage,
  ProductSummary,
  StaffProduct,
  StaffProductSummary,
} from '@shop/contracts/products';
import { shownImage, toProductImage, type ShownImageRow } from '../image-json.js';

export interface SummaryRow {
  id: string;
  slug: string;
  name: string;
  category_slug: string;
  category_name: string;
  price_cents: number;
  in_stock: boolean;
  featured: boolean;
  tags: string[];
  picture_tags: string[];
  updated_at: Date;
  hidden: boolean;
}

export interface DetailRow extends SummaryRow {
  description: string;
  stock: number;
  version: number;
  images: ShownImageRow[];
}

/** Of `products p join categories c`. */
export const summaryColumns = `p.id, p.slug, p.name, c.slug as category_slug, c.name as category_name,
  p.price_cents, p.in_stock, p.featured, p.tags, p.picture_tags, p.updated_at, p.hidden`;
export const detailColumns = `${summaryColumns}, p.description, p.stock, p.version,
  (select coalesce(jsonb_agg(${shownImage} order by i.position, i.id), '[]')
   from images i join pictures pic on pic.hash = i.picture
   where i.product_id = p.id and pic.shown is not null) as images`;

export function toSummary(row: SummaryRow, image: ProductImage | null): ProductSummary {
  return { ...common(row), image };
}

export function toProduct(row: DetailRow, mediaUrl: string): Product {
  const { description, stock, version } = row;
  const images = row.images.map((image) => toProductImage(image, mediaUrl));
  return { ...common(row), description, stock, version, images };
}

export function toStaffSummary(row: SummaryRow, image: ProductImage | null): StaffProductSummary {
  return { ...toSummary(row, image), hidden: row.hidden };
}

export function toStaffProduct(row: DetailRow, mediaUrl: string): StaffProduct {
  return { ...toProduct(row, mediaUrl), hidden: row.hidden };
}

function common(row: SummaryRow) {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    category: { slug: row.category_slug, name: row.category_name },
    priceCents: row.price_cents,
    currency: CURRENCY,
    inStock: row.in_stock,
    featured: row.featured,
    tags: Array.from(new Set([...row.tags, ...row.picture_tags])),
    updatedAt: row.updated_at.toISOString(),
  } as const;
}
