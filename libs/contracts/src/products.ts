// Products, categories and images as the catalog returns them.
import * as z from 'zod';
import { Cents, Currency, Cursor, Id, Limit, Slug, Text, Timestamp, pageOf } from './values.js';

export const ImageVariant = z
  .object({ name: z.string(), width: z.int(), height: z.int(), type: z.string(), url: z.string() })
  .meta({ id: 'ImageVariant' });

export const ProductImage = z
  .object({ id: Id, alt: z.string(), placeholder: z.string().nullable(), variants: z.array(ImageVariant) })
  .meta({ id: 'ProductImage' });
export type ProductImage = z.infer<typeof ProductImage>;

export const CategoryRef = z.object({ slug: Slug, name: z.string() }).meta({ id: 'CategoryRef' });

export const Category = CategoryRef.extend({
  products: z.int().meta({ description: 'How many products it shows' }),
}).meta({ id: 'Category' });
export type Category = z.infer<typeof Category>;
export const CategoryList = z.object({ items: z.array(Category) }).meta({ id: 'CategoryList' });
export type CategoryList = z.infer<typeof CategoryList>;
export const NewCategory = z.strictObject({ slug: Slug, name: Text.trim().min(1).max(80) });
export type NewCategory = z.infer<typeof NewCategory>;

export const ProductSummary = z
  .object({
    id: Id,
    slug: Slug,
    name: z.string(),
    category: CategoryRef,
    priceCents: Cents,
    currency: Currency,
    inStock: z.boolean(),
    featured: z.boolean(),
    image: ProductImage.nullable(),
    tags: z.array(z.string()),
    updatedAt: Timestamp,
  })
  .meta({ id: 'ProductSummary' });
export type ProductSummary = z.infer<typeof ProductSummary>;
export const ProductPage = pageOf(ProductSummary).meta({ id: 'ProductPage' });
export type ProductPage = z.infer<typeof ProductPage>;

export const Product = ProductSummary.omit({ image: true })
  .extend({
    description: z.string(),
    stock: z.int().min(0),
    images: z.array(ProductImage),
    version: z.int().meta({ description: 'Counts edits by staff, not sales' }),
  })
  .meta({ id: 'Product' });
export type Product = z.infer<typeof Product>;

/** What staff see beside it. */
const forStaff = { hidden: z.boolean().meta({ description: 'Shoppers neither find it nor buy it' }) };
export const StaffProductSummary = ProductSummary.extend(forStaff).meta({ id: 'StaffProductSummary' });
export type StaffProductSummary = z.infer<typeof StaffProductSummary>;
export const StaffProductPage = pageOf(StaffProductSummary).meta({ id: 'StaffProductPage' });
export type StaffProductPage = z.infer<typeof StaffProductPage>;
export const StaffProduct = Product.extend(forStaff).meta({ id: 'StaffProduct' });
export type StaffProduct = z.infer<typeof StaffProduct>;

export const ProductSort = z.enum(['newest', 'price', '-price', 'name', 'relevance']);
export type ProductSort = z.infer<typeof ProductSort>;

// A query string carries text, an RPC carries the same query as JSON: these take both.
const Flag = z.preprocess((text) => (text === 'true' ? true : text === 'false' ? false : text), z.boolean());
/** Number() would read an empty text as 0. */
const QueryCents = z.preprocess((text) => (/^\s*$/.test(String(text)) ? NaN : text), z.coerce.number().pipe(Cents));

/**
 * A list of products: its filters, order and page. This schema is the only list of filters. Whatever else each filter needs
 * (its SQL, its place in addresses, its control in the storefront) is a table that does not compile without it.
 */
export const ProductQuery = z.strictObject({
  category: Slug.optional(),
  q: Text.trim().min(1).max(200).optional(),
  tag: Text.trim().min(1).max(40).optional(),
  minPriceCents: QueryCents.optional(),
  maxPriceCents: QueryCents.optional(),
  inStock: Flag.optional(),
  featured: Flag.optional(),
  sort: ProductSort.optional().meta({ description: 'relevance when q is given, else newest' }),
  limit: Limit,
  cursor: Cursor.optional(),
});
export type ProductQuery = z.infer<typeof ProductQuery>;

export const StaffProductQuery = z.strictObject({
  q: ProductQuery.shape.q,
  hidden: Flag.optional().meta({ description: 'Only hidden products, or only the others; all without it' }),
  limit: Limit,
  cursor: Cursor.optional(),
});
export type StaffProductQuery = z.infer<typeof StaffProductQuery>;

const Stock = z.int().min(0).max(1_000_000);

export const NewProduct = z.strictObject({
  name: Text.trim().min(1).max(120),
  description: Text.trim().max(5000),
  category: Slug,
  priceCents: Cents,
  stock: Stock,
  featured: z.boolean().optional(),
});
export type NewProduct = z.infer<typeof NewProduct>;

export const ProductPatch = NewProduct.omit({ stock: true })
  .partial()
  .extend({
    stockDelta: z.int().min(-1_000_000).max(1_000_000).optional(),
    hidden: z.boolean().optional(),
  });
export type ProductPatch = z.infer<typeof ProductPatch>;
