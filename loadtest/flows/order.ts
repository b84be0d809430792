// From an empty cart to an order that is paid.
import type { Order } from '@shop/contracts/orders';
import { Trend } from 'k6/metrics';
import { optionsFor } from '../options.ts';
import { fillShelves, learn, type Shop } from '../shop.ts';
import { Visitor } from '../visitor.ts';
import { fillCart, seeCart } from './cart.ts';

export { summarise as handleSummary } from '../summary.ts';
export const options = optionsFor({ order: 1 });

export function setup(): Shop {
  const shop = learn();
  fillShelves(shop);
  return shop;
}

/** From the answer to the order to the news that it is paid, in milliseconds. */
const orderPaid = new Trend('order_paid', true);

const visitor = new Visitor('order');
/** News of an order come when they come: the answer's length in time is no measure of how quick the shop is. */
const listener = visitor.as('news');
let registered = false;

export function order(shop: Shop): void {
  if (!registered) visitor.register();
  registered = true;
  const lines = 1 + Math.floor(Math.random() * 3);
  const products = fillCart(visitor, shop, lines);
  const cart = seeCart(visitor, products.length);
  if (!cart) return;
  const wanted = { payment: { method: 'card', token: 'tok_ok' }, expectedTotalCents: cart.totalCents };
  const key = `load-${Date.now()}-${Math.random()}`;
  const answer = visitor.send('POST', '/api/orders', 'POST /api/orders', wanted, { 'idempotency-key': key });
  const taken = visitor.finds(answer, 'an order costs what its cart did', 202, (page) => {
    const { totalCents, lines: bought } = page.json() as unknown as Order;
    return totalCents === cart.totalCents && bought.length === products.length;
  });
  if (!taken) return;
  const takenAt = Date.now();
  const path = `/api/orders/${String(answer.json('id'))}`;
  listener.send('GET', `${path}/events`, 'GET /api/orders/{order}/events'); // ends when the order is final
  const final = visitor.send('GET', path, 'GET /api/orders/{order}');
  const paid = visitor.finds(final, 'an order is paid, as much as was said', 200, (page) => {
    const { status, totalCents } = page.json() as unknown as Order;
    return status === 'paid' && totalCents === cart.totalCents;
  });
  if (paid) orderPaid.add(Date.now() - takenAt);
}
