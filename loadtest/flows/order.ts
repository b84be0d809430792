// From an empty cart to an order that is paid.
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
  /** Of customers who are logged in, by virtual user. */
  cookies: Cookies[];
}

/** Customers register before the load begins: passwords cost much CPU, which is not what an order is measured by. */
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

/** From the answer to the order to the news that it is paid, in milliseconds. */
const orderPaid = new Trend('order_paid', true);

const visitor = new Visitor('order');
/** News of an order come when they come: the answer's length in time is no measure of how quick the shop is. */
const listener = visitor.as('news');
let known = false;
/** An order that went wrong leaves its cart as it was. */
let leftOver = false;

export function order(shop: ShopWithCustomers): void {
  if (!known) beSomebody(shop.cookies[exec.vu.idInTest - 1]);
  if (leftOver) emptyCart(visitor);
  leftOver = true;
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
  leftOver = false;
  const takenAt = Date.now();
  const path = `/api/orders/${String(answer.json('id'))}`;
  awaitNews(path);
  const final = visitor.send('GET', path, 'GET /api/orders/{order}');
  const paid = visitor.finds(final, 'an order is paid, as much as was said', 200, (page) => {
    const { status, totalCents } = page.json() as unknown as Order;
    return status === 'paid' && totalCents === cart.totalCents;
  });
  if (paid) orderPaid.add(Date.now() - takenAt);
}

/** As browsers do: who is cut off, because a gateway is replaced, asks again. */
function awaitNews(path: string): void {
  for (let tries = 0; tries < 5; tries++) {
    const { body } = listener.send('GET', `${path}/events`, 'GET /api/orders/{order}/events');
    if (/"status":"(paid|rejected)"/.test(body ?? '')) return;
  }
}

/** Every virtual user is a customer of its own: two with one cart would see each other's. */
function beSomebody(cookies: Cookies | undefined): void {
  if (cookies) visitor.come(cookies);
  else visitor.register();
  known = true;
}
