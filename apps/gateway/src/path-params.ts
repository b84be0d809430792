// Reads path parameters. One that cannot name anything answers 404 without a lookup.
import { Id } from '@shop/contracts/values';
import { AppError } from '@shop/rpc/errors';

export function readId(thing: 'customer' | 'image' | 'order', text: string): string {
  const id = Id.safeParse(text);
  if (!id.success) throw new AppError('not_found', `There is no such ${thing}.`);
  return id.data;
}

/** The id or the slug of a product. */
export function productKey(text: string): string {
  if (!/^[a-z\d]+(-[a-z\d]+)*$/i.test(text) || text.length > 120)
    throw new AppError('not_found', 'There is no such product.');
  return text.toLowerCase();
}
