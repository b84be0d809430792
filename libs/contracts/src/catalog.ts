// What the catalog answers.
import * as z from 'zod';
import { DoneSteps, Image, ImageList, ImageOrder, ImageType, ImageHash, StepDone, Upload } from './images.js';
import {
  Category,
  CategoryList,
  NewCategory,
  NewProduct,
  Product,
  ProductPage,
  ProductPatch,
  ProductQuery,
  StaffProduct,
  StaffProductPage,
  StaffProductQuery,
} from './products.js';
import { defineRpcs } from './rpc.js';
import { Sitemap } from './sitemaps.js';
import { Cents, Currency, Id, ProductKey, Quantity, Slug, Text } from './values.js';

/** What a cart needs to know of a product now. */
export const PricedProduct = z.object({
  productId: Id,
  slug: Slug,
  name: z.string(),
  priceCents: Cents,
  stock: z.int(),
});
export type PricedProduct = z.infer<typeof PricedProduct>;

export const LineRequest = z.strictObject({ productId: Id, quantity: Quantity });
export type LineRequest = z.infer<typeof LineRequest>;

/** At most 100 lines, each product once. */
export const LineRequests = z
  .array(LineRequest)
  .max(100)
  .check((ctx) => {
    const seen = new Set<string>();
    ctx.value.forEach(({ productId }, i) => {
      if (seen.has(productId))
        ctx.issues.push({
          code: 'custom',
          message: 'is in the order already',
          path: [i, 'productId'],
          input: productId,
        });
      seen.add(productId);
    });
  });

export const PricedLine = z
  .object({
    productId: Id,
    slug: Slug,
    name: z.string(),
    quantity: Quantity,
    priceCents: Cents,
    lineTotalCents: z.int(),
  })
  .meta({ id: 'OrderLine' });
export type PricedLine = z.infer<typeof PricedLine>;

const priced = { lines: z.array(PricedLine), totalCents: z.int(), currency: Currency };

/**
 * Prices come from the catalog alone. A refusal holds nothing back. A reserved order is answered alike however often
 * it asks; `released` says that it was given up before, so nothing is held and never will be.
 */
export const ReserveResult = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('reserved'), ...priced }),
  z.object({ outcome: z.literal('out_of_stock'), productIds: z.array(Id), ...priced }),
  z.object({ outcome: z.literal('price_changed'), ...priced }),
  z.object({ outcome: z.literal('unknown_product'), productIds: z.array(Id) }),
  z.object({ outcome: z.literal('released') }),
]);
export type ReserveResult = z.infer<typeof ReserveResult>;

const Done = z.object({ done: z.literal(true) });

const byOrder = z.object({ orderId: Id });
/** `done` is false when the reservation had ended the other way before, or (confirming) never existed: nothing was changed. */
const settled = z.object({ done: z.boolean() });

export const catalogRpc = defineRpcs('catalog', {
  /** Ignores fields it does not know, so that a newer gateway may send more. */
  listProducts: {
    input: z.object(ProductQuery.shape),
    output: ProductPage,
    idempotent: true,
    deadlineMs: 2000,
    serialized: true,
  },
  getProduct: {
    input: z.object({ product: ProductKey }),
    output: Product,
    idempotent: true,
    deadlineMs: 2000,
    serialized: true,
  },
  listCategories: { input: z.object({}), output: CategoryList, idempotent: true, deadlineMs: 2000, serialized: true },
  /** Where products are in the sitemap. */
  getSitemap: { input: z.object({}), output: Sitemap, idempotent: true, deadlineMs: 2000 },
  /** Gzipped lines, one per product that shoppers see: its slug, a space, and when it changed. not_found. */
  getSitemapPart: {
    input: z.object({ part: z.int32() }),
    output: z.string(),
    idempotent: true,
    deadlineMs: 2000,
    serialized: true,
  },
  createCategory: { input: NewCategory, output: Category, idempotent: false, deadlineMs: 5000 },
  createProduct: { input: NewProduct, output: Product, idempotent: false, deadlineMs: 5000 },
  updateProduct: {
    input: z.object({ product: ProductKey, version: z.int(), patch: ProductPatch }),
    output: Product,
    idempotent: false,
    deadlineMs: 5000,
  },
  /** Unknown and hidden products are left out. */
  priceProducts: {
    input: z.object({ products: z.array(ProductKey).max(200) }),
    output: z.object({ products: z.array(PricedProduct) }),
    idempotent: true,
    deadlineMs: 2000,
  },
  reserve: {
    input: z.object({
      orderId: Id,
      lines: LineRequests.min(1),
      expectedTotalCents: z.int().optional(),
    }),
    output: ReserveResult,
    idempotent: true,
    deadlineMs: 5000,
  },
  confirmReservation: { input: byOrder, output: settled, idempotent: true, deadlineMs: 5000 },
  releaseReservation: { input: byOrder, output: settled, idempotent: true, deadlineMs: 5000 },
  /** Hidden ones as well, and as they are now: nothing of it is kept anywhere. */
  listStaffProducts: {
    input: z.object(StaffProductQuery.shape),
    output: StaffProductPage,
    idempotent: true,
    deadlineMs: 2000,
  },
  /** The same of one. not_found. */
  getStaffProduct: {
    input: z.object({ product: ProductKey }),
    output: StaffProduct,
    idempotent: true,
    deadlineMs: 2000,
  },
  /** Hidden ones as well. not_found. */
  findProduct: {
    input: z.object({ product: ProductKey }),
    output: z.object({ id: Id }),
    idempotent: true,
    deadlineMs: 2000,
  },
  /** Takes over what lies at `upload.key`. The same bytes on the same product are the same image. not_found. */
  addImage: {
    input: z.object({ product: ProductKey, upload: Upload, alt: Text.max(200).optional() }),
    output: Image,
    idempotent: true,
    deadlineMs: 10_000,
  },
  getImage: { input: z.object({ id: Id }), output: Image, idempotent: true, deadlineMs: 2000 },
  /** In the order in which the product shows them, including images that are not ready. not_found. */
  listImages: { input: z.object({ product: ProductKey }), output: ImageList, idempotent: true, deadlineMs: 2000 },
  /** Succeeds when the image is already gone. */
  removeImage: { input: z.object({ id: Id }), output: Done, idempotent: true, deadlineMs: 5000 },
  orderImages: {
    input: ImageOrder.extend({ product: ProductKey }),
    output: ImageList,
    idempotent: true,
    deadlineMs: 5000,
  },
  /**
   * The steps of an image that are left; null when there are none: it is ready, has failed, or no product shows it. It fails
   * after some attempts in a row that were never heard of again: no completed step, no failPicture, no leavePicture.
   */
  beginPicture: {
    input: z.object({ hash: ImageHash, attempt: Id.optional() }),
    output: z.object({ work: z.object({ key: z.string(), type: ImageType, done: DoneSteps }).nullable() }),
    idempotent: true,
    deadlineMs: 5000,
  },
  /** An attempt ended for a reason that does not count against the image. */
  leavePicture: {
    input: z.object({ hash: ImageHash, attempt: Id }),
    output: Done,
    idempotent: true,
    deadlineMs: 5000,
  },
  /** The first result of a step stays. */
  tickPicture: {
    input: z.object({ hash: ImageHash, done: StepDone }),
    output: Done,
    idempotent: true,
    deadlineMs: 5000,
  },
  /** The image can never be processed, for this reason. */
  failPicture: {
    input: z.object({ hash: ImageHash, reason: Text.max(500) }),
    output: Done,
    idempotent: true,
    deadlineMs: 5000,
  },
  /**
   * Has every image processed again from the first step, after all other jobs; returns their number. Until an image is ready
   * again, shoppers see its previous results.
   */
  reprocessPictures: {
    input: z.object({}),
    output: z.object({ pictures: z.int() }),
    idempotent: true,
    deadlineMs: 10_000,
  },
});
