// Adds a product to the cart without buying it: most carts are abandoned.
import type { Cart } from '@shop/contracts/carts';
import { optionsFor } from '../options.ts';
import { anythingSold, learn, type Shop } from '../shop.ts';
import { Visitor } from '../visitor.ts';

export { summarise as handleSummary } from '../summary.ts';
export { learn as setup };
export const options = optionsFor({ cart: 1 });

export function cart(shop: Shop): void {
  const visitor = new Visitor('cart');
  fillCart(visitor, shop, 1);
  seeCart(visitor, 1);
}

/** Adds different products, one to three pieces of each; returns their ids. */
export function fillCart(visitor: Visitor, shop: Shop, lines: number): string[] {
  const ids = new Set<string>();
  while (ids.size < Math.min(lines, shop.products.length)) ids.add(anythingSold(shop).id);
  for (const id of ids) {
    const quantity = 1 + Math.floor(Math.random() * 3);
    const path = `/api/cart/lines/${id}`;
    const answer = visitor.send('PUT', path, 'PUT /api/cart/lines/{product}', { quantity });
    visitor.finds(answer, 'a product added to the cart is in the cart', 200, (page) =>
      (page.json() as unknown as Cart).lines.some((line) => line.productId === id && line.quantity === quantity),
    );
  }
  return [...ids];
}

/** The cart, if it is correct. */
export function seeCart(visitor: Visitor, lines: number): Cart | undefined {
  const answer = visitor.send('GET', '/api/cart', 'GET /api/cart');
  const right = visitor.finds(answer, 'the sums of the cart are correct', 200, (page) =>
    isRight(page.json() as unknown as Cart, lines),
  );
  return right ? (answer.json() as unknown as Cart) : undefined;
}

export function emptyCart(visitor: Visitor): void {
  const ids = (visitor.send('GET', '/api/cart', 'GET /api/cart').json('lines.#.productId') ?? []) as string[];
  for (const id of ids) visitor.send('DELETE', `/api/cart/lines/${id}`, 'DELETE /api/cart/lines/{product}');
}

function isRight({ lines, totalCents }: Cart, count: number): boolean {
  const each = lines.every((line) => line.lineTotalCents === line.priceCents * line.quantity);
  return each && lines.length === count && totalCents === lines.reduce((sum, line) => sum + line.lineTotalCents, 0);
}
