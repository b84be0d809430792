import { randomBytes } from 'node:crypto';
import { Id } from '@shop/contracts/values';

const MAX_LENGTH = 100;

/** "Grün & Söhne's Lamp" → "grun-sohnes-lamp". Never empty, and never a valid id. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/ß/g, 'ss')
    .replace(/[\p{M}'’]/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return slug === '' || Id.safeParse(slug).success ? `product-${slug}`.replace(/-$/, '') : slug;
}

/** The slugs to try for a new product: the plain one, a few numbered ones, and a random one that is certainly free. */
export function slugsFor(name: string): string[] {
  const slug = slugOf(name);
  return [slug, `${slug}-2`, `${slug}-3`, `${slug}-4`, `${slug}-${randomBytes(6).toString('hex')}`];
}
