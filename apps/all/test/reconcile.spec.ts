import { join } from 'node:path';
import { freePort } from '@shop/tools/ports';
import { run } from '@shop/tools/processes';
import { startProcess, type ServiceProcess } from '@shop/tools/service-process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshShop, type FreshShop } from './fresh-shop.js';
import { Shopper } from './shopper.js';

let shop: FreshShop;
let all: ServiceProcess;
let orders: string[];

beforeAll(async () => {
  shop = await freshShop(13);
  const [port, opsPort] = [await freePort(), await freePort()];
  all = startProcess({
    app: 'all',
    label: 'all',
    env: { ...shop.env, PORT: String(port), OPS_PORT: String(opsPort) },
    opsUrl: `http://127.0.0.1:${opsPort}`,
    logFile: join(shop.logDir, 'all.log'),
  });
  await all.ready();
  const sam = new Shopper(`http://127.0.0.1:${port}`);
  await sam.register();
  const { items } = (await sam.get('/api/products?inStock=true&sort=price&limit=1')).body;
  const lines = [{ productId: items[0].id, quantity: 1 }];
  orders = [];
  for (const token of ['tok_ok', 'tok_ok', 'tok_ok', 'tok_declined']) {
    const { body } = await sam.order({ lines, payment: { method: 'card', token } });
    await sam.settled(body.id);
    orders.push(body.id);
  }
});
afterAll(async () => {
  await all?.stop();
  await shop?.remove();
});

async function reconcile() {
  const script = join(import.meta.dirname, '../../../tools/reconcile.ts');
  const { code, output } = await run([process.execPath, script, '--grace', '0'], { env: shop.env });
  return { code, lines: output.trim().split('\n').sort() };
}

test('orders that went their way agree everywhere', async () => {
  expect(await reconcile()).toEqual({ code: 0, lines: ['4 orders, 0 disagreements'] });
});

test('whatever is changed behind the shop’s back is told, a line each, with exit code 1', async () => {
  const [first, second, third, declined] = orders;
  await shop.databases.catalog.query(`update reservations set status = 'held', settled_at = null where order_id = $1`, [
    first,
  ]);
  await shop.databases.payments.query(
    `update fake_charges set amount_cents = amount_cents + 1 where idempotency_key = $1`,
    [second],
  );
  await shop.databases.orders.query('delete from orders where id = $1', [third]);
  await shop.databases.payments.query(`update fake_charges set status = 'paid' where idempotency_key = $1`, [declined]);
  const { code, lines } = await reconcile();
  expect(code).toBe(1);
  expect(lines).toEqual([
    '4 orders, 5 disagreements',
    `order ${first} is paid, but its goods are held`,
    expect.stringMatching(`order ${second} has a payment of \\d+ cents, but the provider was asked for \\d+`),
    `order ${third} is unknown to orders, but its goods are confirmed`,
    `order ${third} is unknown to orders, but its payment is paid`,
    `order ${declined} has a payment that is declined, but the provider says paid`,
  ]);
});
