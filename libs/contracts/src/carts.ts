// The cart as a shopper sees it; the gateway keeps it.
import * as z from 'zod';
import { MAX_QUANTITY } from './limits.js';
import { Cents, Currency, Id, Slug } from './values.js';

export const CartLine = z
  .object({
    productId: Id,
    slug: Slug,
    name: z.string(),
    quantity: z.int(),
    priceCents: Cents,
    lineTotalCents: z.int(),
    inStock: z.boolean(),
  })
  .meta({ id: 'CartLine' });
export type CartLine = z.infer<typeof CartLine>;

export const Cart = z
  .object({ lines: z.array(CartLine), totalCents: z.int(), currency: Currency })
  .meta({ id: 'Cart' });
export type Cart = z.infer<typeof Cart>;

/** 0 removes the line. */
export const CartLineChange = z.strictObject({ quantity: z.int().min(0).max(MAX_QUANTITY) });
export type CartLineChange = z.infer<typeof CartLineChange>;
