// From an empty cart to a paid order.
import type { Order } from '@shop/contracts/orders';
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { optionsFor } from '../options.ts';
import { fillShelves, learn, type Shop } from '../shop.ts';
import { Visitor, type Cookies } from '../visitor.ts';
import { emptyCart, fillCart, seeCart } from './cart.ts';

export { summarise as handleSummary } from '../summary.ts';
export const options = optionsFor({ order: 1 });

interface ShopWithCustomers extends Shop {
  /** Cookies of logged-in customers, by virtual user. */
  cookies: Cookies[];
}

/** Customers register before the load begins, because password hashing costs much CPU that is no part of an order. */
export function setup(): ShopWithCustomers {
  const shop = learn();
  fillShelves(shop);
  const { preAllocatedVUs } = exec.test.options.scenarios!['order'] as { preAllocatedVUs: number };
  const cookies = Array.from({ length: preAllocatedVUs }, () => {
    const customer = new Visitor('setup');
    customer.register();
    return customer.cookies();
  });
  return { ...shop, cookies };
}

/** From the response to the order until the event that it is paid, in milliseconds. */
const orderPaid = new Trend('order_paid', true);

const visitor = new Visitor('order');
/** Event streams stay open until an order is final, so their duration does not count for the flow. */
const listener = visitor.as('events');
let known = false;
/** A failed order leaves its cart unchanged. */
let leftOver = false;

export function order(shop: ShopWithCustomers): void {
  if (!known) logIn(shop.cookies[exec.vu.idInTest - 1]);
  if (leftOver) emptyCart(visitor);
  leftOver = true;
  const lines = 1 + Math.floor(Math.random() * 3);
  const products = fillCart(visitor, shop, lines);
  const cart = seeCart(visitor, products.length);
  if (!cart) return;
  const wanted = { payment: { method: 'card', token: 'tok_ok' }, expectedTotalCents: cart.totalCents };
  const key = `load-${Date.now()}-${Math.random()}`;
  const answer = visitor.send('POST', '/api/orders', 'POST /api/orders', wanted, { 'idempotency-key': key });
  const taken = visitor.finds(answer, 'an order has the total of its cart', 202, (page) => {
    const { totalCents, lines: bought } = page.json() as unknown as Order;
    return totalCents === cart.totalCents && bought.length === products.length;
  });
  if (!taken) return;
  leftOver = false;
  const takenAt = Date.now();
  const path = `/api/orders/${String(answer.json('id'))}`;
  awaitFinal(path);
  const final = visitor.send('GET', path, 'GET /api/orders/{order}');
  const paid = visitor.finds(final, 'an order is paid with the total of its cart', 200, (page) => {
    const { status, totalCents } = page.json() as unknown as Order;
    return status === 'paid' && totalCents === cart.totalCents;
  });
  if (paid) orderPaid.add(Date.now() - takenAt);
}

/** Reconnects like a browser when the stream is cut off, as when a gateway is replaced. */
function awaitFinal(path: string): void {
  for (let tries = 0; tries < 5; tries++) {
    const { body } = listener.send('GET', `${path}/events`, 'GET /api/orders/{order}/events');
    if (/"status":"(paid|rejected)"/.test(body ?? '')) return;
  }
}

/** Each virtual user has its own customer, because two would share one cart. */
function logIn(cookies: Cookies | undefined): void {
  if (cookies) visitor.resume(cookies);
  else visitor.register();
  known = true;
}
