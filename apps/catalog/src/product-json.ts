// From a row of `products` to what the shop says of it.
import type { Product, ProductSummary } from '@shop/contracts/products';

export const CURRENCY = 'EUR';

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
  updated_at: Date;
}

export interface DetailRow extends SummaryRow {
  description: string;
  stock: number;
  version: number;
  hidden: boolean;
}

/** Of `products p join categories c`. */
export const summaryColumns = `p.id, p.slug, p.name, c.slug as category_slug, c.name as category_name,
  p.price_cents, p.in_stock, p.featured, p.tags, p.updated_at`;
export const detailColumns = `${summaryColumns}, p.description, p.stock, p.version, p.hidden`;

export function toSummary(row: SummaryRow): ProductSummary {
  return { ...common(row), image: null };
}

export function toProduct(row: DetailRow): Product {
  const { description, stock, version } = row;
  return { ...common(row), description, stock, version, images: [] };
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
    tags: row.tags,
    updatedAt: row.updated_at.toISOString(),
  } as const;
}
