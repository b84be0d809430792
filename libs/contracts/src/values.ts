// The small values that many messages share.
import * as z from 'zod';
import { CURRENCY } from './currency.js';
import { MAX_QUANTITY } from './limits.js';

export const Id = z.uuid().toLowerCase();
/** Any text that Postgres can store. */
export const Text = z.string().regex(/^[^\u0000\ud800-\udfff]*$/u, 'must not contain NUL or half a character');
/** What staff look for. */
export const SearchText = Text.trim().min(1).max(200);
export const Cents = z.int().min(0).max(100_000_000);
export const Currency = z.literal(CURRENCY);
export type Currency = z.infer<typeof Currency>;
/** ISO 8601 in UTC. */
export const Timestamp = z.iso.datetime();
export const Slug = z
  .string()
  .max(120)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by hyphens');
/** An id or a slug. */
export const ProductKey = z.string().min(1).max(120);

export const Quantity = z.int().min(1).max(MAX_QUANTITY);

/** Where a list goes on; opaque to clients. */
export const Cursor = z.string().min(1).max(1200);
export const Limit = z.coerce.number().int().min(1).max(100).default(24);

/** A page of a list; `nextCursor` is null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: Cursor.nullable() });
}
