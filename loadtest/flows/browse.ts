// Browsing: product pages, category pages, the front page.
import { optionsFor } from '../options.ts';
import { anyOf, learn, popular, type Shop } from '../shop.ts';
import { Visitor } from '../visitor.ts';

export { summarise as handleSummary } from '../summary.ts';
export { learn as setup };
export const options = optionsFor({ browse: 1 });

const FLOW = 'browse';
/** Average pages per visit: see README.md. */
const PAGES = 3.2;

let visitor = new Visitor(FLOW);

/** One page. */
export function browse(shop: Shop): void {
  if (Math.random() < 1 / PAGES) visitor = new Visitor(FLOW);
  const turn = Math.random();
  if (turn < 0.6) productPage(visitor, popular(shop.products).id);
  else if (turn < 0.85) categoryPage(visitor, anyOf(shop.categories));
  else if (turn < 0.95) frontPage(visitor);
  else categories(visitor, shop);
}

export function productPage(by: Visitor, id: string): void {
  const answer = by.view(`/api/products/${id}`, 'GET /api/products/{product}');
  if (answer.status === 304) by.finds(answer, 'a 304 for a product has no body', 304, ({ body }) => !body);
  else by.finds(answer, 'a product page shows the requested product', 200, (page) => page.json('id') === id);
}

function categoryPage(by: Visitor, category: string): void {
  const answer = by.view(`/api/products?category=${category}`, 'GET /api/products?category');
  if (answer.status === 304) return void by.finds(answer, 'a 304 for a list has no body', 304, ({ body }) => !body);
  by.finds(answer, 'a category page shows products of that category only', 200, (page) => {
    const found = page.json('items.#.category.slug') as string[];
    return found.length > 0 && found.length <= 24 && found.every((slug) => slug === category);
  });
}

function frontPage(by: Visitor): void {
  const answer = by.view('/api/products?featured=true', 'GET /api/products?featured');
  if (answer.status === 304) return void by.finds(answer, 'a 304 for a list has no body', 304, ({ body }) => !body);
  by.finds(answer, 'the front page shows featured products only', 200, (page) =>
    (page.json('items.#.featured') as boolean[]).every((featured) => featured),
  );
}

function categories(by: Visitor, shop: Shop): void {
  const answer = by.view('/api/categories', 'GET /api/categories');
  if (answer.status === 304) return void by.finds(answer, 'a 304 for a list has no body', 304, ({ body }) => !body);
  by.finds(answer, 'the list of categories is complete', 200, (page) => {
    const found = new Set(page.json('items.#.slug') as string[]);
    return shop.categories.every((slug) => found.has(slug));
  });
}
