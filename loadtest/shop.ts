// The shop that is tested, and what every script learns of it before the load begins.
import type { CategoryList, Product, ProductPage } from '@shop/contracts/products';
import exec from 'k6/execution';
import http from 'k6/http';
import { target, Visitor } from './visitor.ts';

/** A thousand products are as good as a million: the popular ones are what is looked at. */
const MOST_PRODUCTS = 1000;

export interface ShownProduct {
  id: string;
  name: string;
  category: string;
}

export interface Shop {
  categories: string[];
  /** In the order of their popularity, for what that is worth. */
  products: ShownProduct[];
}

/** Every script's setup(): one clear line and an end, unless there is a shop with something to sell. */
export function learn(): Shop {
  const answer = http.get(`${target}/api/categories`, { timeout: '5s', tags: { flow: 'setup' } });
  if (answer.status === 429)
    giveUp('refuses so many requests. Start it with RATE_LIMITS=off, the edge with --rate-limits off.');
  if (answer.status !== 200)
    giveUp(
      `does not answer (${answer.error || `status ${answer.status}`}). Start it with npm start, or name another with --target.`,
    );
  const categories = (answer.json() as unknown as CategoryList).items.map(({ slug }) => slug);
  const products: ShownProduct[] = [];
  for (let cursor: string | null = ''; cursor !== null && products.length < MOST_PRODUCTS;) {
    const path = `/api/products?limit=100&inStock=true${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = new Visitor('setup').send('GET', path, 'GET /api/products').json() as unknown as ProductPage;
    products.push(...page.items.map(({ id, name, category }) => ({ id, name, category: category.slug })));
    cursor = page.nextCursor;
  }
  if (products.length === 0) giveUp('has nothing in stock. SEED=demo fills an empty one.');
  return { categories, products };
}

/** Plenty of everything, so that a test of orders does not end as one of empty shelves. Needs a member of staff. */
export function fillShelves({ products }: Shop): void {
  const PLENTY = 100_000;
  const staff = new Visitor('setup');
  logInAsStaff(staff);
  for (const { id } of products.slice(0, SOLD)) {
    const route = '/api/products/{product}';
    const product = staff.send('GET', `/api/products/${id}`, `GET ${route}`).json() as unknown as Product;
    if (product.stock >= PLENTY / 2) continue;
    const match = { 'if-match': `"${product.version}"` };
    staff.send('PATCH', `/api/products/${id}`, `PATCH ${route}`, { stockDelta: PLENTY }, match);
  }
}

/** How many of the products are bought in tests. */
const SOLD = 100;
export const anythingSold = ({ products }: Shop): ShownProduct => popular(products.slice(0, SOLD));

export function logInAsStaff(visitor: Visitor): void {
  const email = __ENV['STAFF_EMAIL'] || 'staff@shop.test';
  const password = __ENV['STAFF_PASSWORD'] || 'staff-password';
  const { status } = visitor.send('POST', '/api/session', 'POST /api/session', { email, password });
  if (status !== 200)
    giveUp(`lets ${email} not in (status ${status}). STAFF_EMAIL and STAFF_PASSWORD name somebody else.`);
}

/** Any of the list, the n-th half as often as the (n/2)-th: what is looked at and sold follows Zipf's law, nearly. */
export function popular<T>(list: readonly T[]): T {
  return list[Math.floor(list.length ** Math.random()) - 1] ?? list[0]!;
}

export function anyOf<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)]!;
}

export function giveUp(why: string): never {
  exec.test.abort(`The shop at ${target} ${why}`);
  throw new Error('abort() does not return');
}
