// Searches for a word or a complete name, then opens the first result.
import { optionsFor } from '../options.ts';
import { learn, popular, type Shop } from '../shop.ts';
import { Visitor } from '../visitor.ts';
import { productPage } from './browse.ts';

export { summarise as handleSummary } from '../summary.ts';
export { learn as setup };
export const options = optionsFor({ search: 1 });

/** One search and one page. */
export function search(shop: Shop): void {
  const visitor = new Visitor('search');
  const { name } = popular(shop.products);
  const whole = Math.random() < 0.3;
  // The longest word, because search ignores words like "can".
  const words = whole ? name : name.split(' ').sort((a, b) => b.length - a.length)[0]!;
  const answer = visitor.view(`/api/products?q=${encodeURIComponent(words)}`, 'GET /api/products?q');
  const found = visitor.finds(answer, 'a search finds the product', 200, (page) => {
    const names = page.json('items.#.name') as string[];
    return whole ? names.includes(name) : names.length > 0;
  });
  if (found) productPage(visitor, String(answer.json('items.0.id')));
}
