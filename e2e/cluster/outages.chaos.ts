// Stateful pods are lost while orders are placed: responses meanwhile, and the state afterwards.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { reconcile } from '@shop/tools/reconcile/reconciliation';
import { get, must } from '@shop/deploy/cluster/kubectl';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { patiently, patientlySettled } from '../patience.js';
import type { Shopper } from '../shopper.js';
import { ClusterShop } from '../cluster.js';
import { forward } from './forward.js';
import { note } from './notes.js';

const shop = new ClusterShop(inject('shop'));
const { namespace } = shop;
const card = { method: 'card', token: 'tok_ok' };

/** Forwards the databases of the cluster to a local port. */
async function forwardPostgres() {
  const { port, stop } = await forward(namespace, 'postgres', 5432);
  const urlOf = async (name: string) => {
    const { data } = await get('secret', `${name}-database`, '-n', namespace);
    return Buffer.from(data.url as string, 'base64')
      .toString()
      .replace('postgres:5432', `127.0.0.1:${port}`);
  };
  const [orders, catalog, payments] = await Promise.all(['orders', 'catalog', 'payments'].map(urlOf));
  return { urls: { orders: orders!, catalog: catalog!, payments: payments! }, stop };
}

describe.each(['redis-cache', 'redis-state', 'postgres', 'edge'])('while %s is lost', (name) => {
  let sam: Shopper;
  let productId: string;
  beforeAll(async () => {
    sam = shop.shopper();
    await sam.register();
    productId = (await sam.get('/api/products?inStock=true&limit=1')).body.items[0].id;
    await sam.send('PUT', `/api/cart/lines/${productId}`, { quantity: 2 });
  });
  afterAll(() =>
    shop.kubectl('wait', '--for=condition=Ready', 'pod', '-l', `app.kubernetes.io/name=${name}`, '--timeout=120s'),
  );

  test('requests are refused with Retry-After, no confirmed order is lost, and the shop recovers by itself', async () => {
    const seen: Record<string, number> = {};
    const orders: string[] = [];
    const [victim] = await shop.pods(name);
    await must(['kubectl', 'delete', 'pod', victim!, '-n', namespace, '--grace-period=0', '--force']);
    const startedAt = Date.now();
    let recoveredAt = 0;
    let good = 0;
    while (good < 20 && Date.now() - startedAt < 120_000) {
      const body = { lines: [{ productId, quantity: 1 }], payment: card };
      const key = randomUUID();
      const answer = await sam.order(body, key);
      seen[answer.status] = (seen[answer.status] ?? 0) + 1;
      if (answer.status === 503) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      else expect(answer.status, JSON.stringify(answer.body)).toBe(202);
      const { status, body: order } = answer.status === 202 ? answer : await patiently(sam, () => sam.order(body, key));
      expect(status).toBe(202);
      orders.push(order.id as string);
      good = answer.status === 202 ? good + 1 : 0;
      if (good === 1) recoveredAt = Date.now();
      await sleep(250);
    }
    expect(good, `orders that were taken at once, one after the other: ${JSON.stringify(seen)}`).toBe(20);
    if (name === 'postgres') expect(seen[503]).toBeGreaterThan(0);
    for (const id of orders) expect(await patientlySettled(sam, id)).toMatchObject({ status: 'paid' });
    expect((await sam.get('/api/cart')).body.lines).toMatchObject([{ productId, quantity: 2 }]);
    const { urls, stop } = await forwardPostgres();
    try {
      const { disagreements } = await reconcile({ urls, graceSeconds: 5, stuckSeconds: 120, sinceDays: 7 });
      expect(disagreements).toEqual([]);
    } finally {
      stop();
    }
    note(`${name} lost`, {
      answers: seen,
      'seconds to recover': (recoveredAt - startedAt) / 1000,
      orders: orders.length,
    });
  });
});
