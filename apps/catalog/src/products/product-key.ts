// A product is identified by its id or by its slug.
import { Id, Slug } from '@shop/contracts/values';

export type ProductRef = { column: 'id' | 'slug'; value: string };

/** Undefined for a key that can be neither, which saves a read. */
export function productRef(key: string): ProductRef | undefined {
  const id = Id.safeParse(key);
  if (id.success) return { column: 'id', value: id.data };
  return Slug.safeParse(key).success ? { column: 'slug', value: key } : undefined;
}
