// From a row of `products` to JSON.
import { CURRENCY } from '@shop/contracts/currency';
import type {
  Product,
  ProductImage,
  ProductSummary,
  StaffProduct,
  StaffProductSummary,
} from '@shop/contracts/products';
import { shownImage, toProductImage, type ShownImageRow } from '../images/image-json.js';
import { productColumns, type ProductEntity } from './product.entity.js';

type CategoryColumns = { categorySlug: string; categoryName: string };
export type SummaryRow = Omit<ProductEntity, 'description'> & CategoryColumns;
export type DetailRow = ProductEntity & CategoryColumns & { images: ShownImageRow[] };

/** Of `products p join categories c`. */
export const summaryColumns = [
  ...productColumns
    .filter(({ property }) => property !== 'description')
    .map(({ name, property }) => `p.${name} as "${property}"`),
  'c.slug as "categorySlug", c.name as "categoryName"',
].join(', ');
export const detailColumns = `${summaryColumns}, p.description,
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

type Common = Omit<ProductSummary, 'image'>;

function common(row: SummaryRow): Common {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    category: { slug: row.categorySlug, name: row.categoryName },
    priceCents: row.priceCents,
    currency: CURRENCY,
    inStock: row.inStock,
    featured: row.featured,
    tags: Array.from(new Set([...row.tags, ...row.imageTags])),
    updatedAt: row.updatedAt.toISOString(),
  } satisfies { [Field in keyof Required<Common>]: Common[Field] };
}
