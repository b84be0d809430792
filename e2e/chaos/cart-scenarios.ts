// One cart ordered under several keys: by two tabs at once, after a crash, or after a refusal.
import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { patiently, patientlySettled } from '../patience.js';
import type { Answer, Shopper } from '../shopper.js';
import { stockOf } from './books.js';
import type { Shop } from '../shop.js';
import { lock } from '../stores.js';

const body = { payment: { method: 'card', token: 'tok_ok' } };

async function fill(buyer: Shopper, productId: string, quantity = 1): Promise<void> {
  const put = () => buyer.send('PUT', `/api/cart/lines/${productId}`, { quantity });
  expect((await patiently(buyer, put)).status).toBe(200);
}
const cartOf = async (buyer: Shopper): Promise<unknown[]> =>
  (await patiently(buyer, () => buyer.get('/api/cart'))).body.lines;
const ordersOf = (shop: Shop, buyer: Shopper, productId: string) =>
  shop.databases.orders.query<{ id: string; status: string }>(
    'select id, status from orders where customer_id = $1 and requested @> $2::jsonb order by id',
    [buyer.customerId, JSON.stringify([{ productId }])],
  );
const chargesOf = (shop: Shop, orderId: string) =>
  shop.databases.payments.query(`select from fake_charges where idempotency_key = $1 and status = 'paid'`, [orderId]);

/** The id of the order, whether this request placed it or another one had. */
function orderIn({ status, body }: Answer): string {
  if (status === 202) return body.id as string;
  expect([status, body.code]).toEqual([409, 'cart_already_ordered']);
  return body.orderId as string;
}

/** One of two requests places the order; the other gets its id, or finds the cart empty. */
export async function twoTabs(shop: Shop, rounds: number): Promise<void> {
  const productId = await shop.newProduct(rounds);
  const sam = shop.shopper();
  await sam.register();
  let told = 0;
  for (let round = 0; round < rounds; round++) {
    await fill(sam, productId);
    const answers = await Promise.all([1, 2].map(() => sam.at(shop.door()).order(body)));
    const placed = answers.filter(({ status }) => status === 202);
    expect(placed).toHaveLength(1);
    const [other] = answers.filter(({ status }) => status !== 202);
    if (other!.body.code !== 'empty_order') {
      expect(orderIn(other!)).toBe(placed[0]!.body.id);
      told += 1;
    }
    expect(await cartOf(sam)).toEqual([]);
    expect(await patientlySettled(sam, placed[0]!.body.id)).toMatchObject({ status: 'paid' });
  }
  expect(told).toBeGreaterThan(0);
  expect(await stockOf(shop, productId)).toBe(0);
  const listed = (await patiently(sam, () => sam.get('/api/orders?limit=100'))).body.items as unknown[];
  expect(listed).toHaveLength(rounds);
}

/** Orders a cart during a crash, then again under another key with one more product in it: nothing is ordered twice. */
export async function orderTheCart(shop: Shop, buyer: Shopper, productId: string) {
  const later = await shop.newProduct(1);
  await fill(buyer, productId);
  const first = await buyer.order(body).catch(() => undefined);
  await fill(buyer, later);
  const key = randomUUID();
  const answer = await patiently(buyer, () => buyer.order(body, key));
  const id = orderIn(answer);
  expect(await patientlySettled(buyer, id)).toMatchObject({ status: 'paid' });
  expect(await cartOf(buyer)).toMatchObject(answer.status === 409 ? [{ productId: later }] : []);
  // A retry gets the same response, whatever is in the cart by now.
  const again = await patiently(buyer, () => buyer.order(body, key));
  expect([again.status, orderIn(again)]).toEqual([answer.status, id]);
  const orders = await ordersOf(shop, buyer, productId);
  expect(orders).toEqual([{ id: first?.status === 202 ? first.body.id : id, status: 'paid' }]);
  expect(await chargesOf(shop, orders[0]!.id)).toHaveLength(1);
  return orders[0]!;
}

/**
 * The request is refused because a lock delays its reservation, or because orders is stopped after the reservation. Nothing is
 * charged, and the cart keeps its products until it is ordered again: once under another key, once under the same key.
 */
export async function tooLate(shop: Shop, { ordersStopped = false } = {}): Promise<void> {
  const productId = await shop.newProduct(2);
  const [another, same] = [shop.shopper(), shop.shopper()];
  await Promise.all([another, same].map((buyer) => buyer.register()));
  await Promise.all([another, same].map((buyer) => fill(buyer, productId)));
  const key = randomUUID();
  const unlock = await lock(shop.databases.catalog, 'select from products where id = $1 for update', [productId]);
  const refusing = Promise.all([another, same].map((buyer) => buyer.at(shop.door()).order(body, key)));
  const pids = shop.processesOf('orders').map(({ pid }) => pid);
  if (ordersStopped) {
    const written = () => Promise.all([another, same].map((buyer) => ordersOf(shop, buyer, productId)));
    await vi.waitFor(async () => expect((await written()).flat()).toHaveLength(2));
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await unlock();
  }
  const refused = await refusing;
  if (ordersStopped) for (const pid of pids) process.kill(pid, 'SIGCONT');
  else await unlock();
  expect(refused.map(({ status }) => status)).toEqual([503, 503]);

  const placed = await patiently(same, () => same.order(body, key));
  expect(placed.status).toBe(202);
  expect(await patientlySettled(same, placed.body.id)).toMatchObject({ status: 'paid' });
  await vi.waitFor(async () => expect(await ordersOf(shop, another, productId)).toEqual([]), { timeout: 60_000 });
  expect(await stockOf(shop, productId)).toBe(1);
  expect(await cartOf(another)).toHaveLength(1);

  const anew = await patiently(another, () => another.order(body));
  expect(await patientlySettled(another, anew.body.id)).toMatchObject({ status: 'paid' });
  for (const [buyer, id] of [
    [another, anew.body.id],
    [same, placed.body.id],
  ] as const) {
    expect(await ordersOf(shop, buyer, productId)).toEqual([{ id, status: 'paid' }]);
    expect(await chargesOf(shop, id)).toHaveLength(1);
    expect(await cartOf(buyer)).toEqual([]);
  }
  expect(await stockOf(shop, productId)).toBe(0);
}
