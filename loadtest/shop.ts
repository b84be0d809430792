// The tested shop, and the data about it that every script collects before the load begins.
import type { CategoryList, Product, ProductPage } from '@shop/contracts/products';
import exec from 'k6/execution';
import http from 'k6/http';
import { target, Visitor } from './visitor.ts';

/** A thousand products suffice, because most views go to popular ones. */
const MAX_PRODUCTS = 1000;

export interface ShownProduct {
  id: string;
  name: string;
  category: string;
}

export interface Shop {
  categories: string[];
  /** In order of simulated popularity. */
  products: ShownProduct[];
}

/** The setup() of every script. Aborts with one clear line when the shop cannot be tested. */
export function learn(): Shop {
  const answer = http.get(`${target}/api/categories`, { timeout: '5s', tags: { flow: 'setup' } });
  if (answer.status === 429)
    giveUp('rate-limits its clients. Start it with RATE_LIMITS=off, and the edge with --rate-limits off.');
  if (answer.status !== 200)
    giveUp(
      `does not answer (${answer.error || `status ${answer.status}`}). Start it with npm start, or name another with --target.`,
    );
  const categories = (answer.json() as unknown as CategoryList).items.map(({ slug }) => slug);
  const products: ShownProduct[] = [];
  for (let cursor: string | null = ''; cursor !== null && products.length < MAX_PRODUCTS;) {
    const path = `/api/products?limit=100&inStock=true${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = new Visitor('setup').send('GET', path, 'GET /api/products').json() as unknown as ProductPage;
    products.push(...page.items.map(({ id, name, category }) => ({ id, name, category: category.slug })));
    cursor = page.nextCursor;
  }
  if (products.length === 0) giveUp('has no products in stock. SEED=demo fills an empty shop.');
  return { categories, products };
}

/** Adds stock, as a member of staff, so that a test of orders does not run out of it. */
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

/** The number of products that tests buy. */
const SOLD = 100;
export const anythingSold = ({ products }: Shop): ShownProduct => popular(products.slice(0, SOLD));

export function logInAsStaff(visitor: Visitor): void {
  const email = __ENV['STAFF_EMAIL'] || 'staff@shop.test';
  const password = __ENV['STAFF_PASSWORD'] || 'staff-password';
  const { status } = visitor.send('POST', '/api/session', 'POST /api/session', { email, password });
  if (status !== 200) giveUp(`refuses the login of ${email} (status ${status}). Set STAFF_EMAIL and STAFF_PASSWORD.`);
}

/** A random item, the n-th half as often as the (n/2)-th: views and sales approximately follow Zipf's law. */
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
