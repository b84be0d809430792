import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { run } from '@shop/tools/processes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startShop, type Shop } from '../shop.js';

let shop: Shop;
let orders: string[];

beforeAll(async () => {
  shop = await startShop();
  const sam = shop.shopper();
  await sam.register();
  const { items } = (await sam.get('/api/products?inStock=true&sort=price&limit=1')).body;
  const lines = [{ productId: items[0].id, quantity: 1 }];
  orders = [];
  for (const token of ['tok_declined', ...new Array<string>(5).fill('tok_ok')]) {
    const { body } = await sam.order({ lines, payment: { method: 'card', token } });
    await sam.settled(body.id);
    orders.push(body.id);
  }
});
afterAll(() => shop?.stop());

async function reconcile(env: NodeJS.ProcessEnv = {}) {
  const script = join(import.meta.dirname, '../../tools/reconcile.ts');
  const { code, output } = await run([process.execPath, script, '--grace', '0'], { env: { ...shop.env, ...env } });
  return {
    code,
    lines: output
      .trim()
      .replace(/ since \S+Z/, '')
      .split('\n')
      .sort(),
  };
}

test('settled orders agree in all databases', async () => {
  expect(await reconcile()).toEqual({ code: 0, lines: ['6 orders, 5 charges of fake, 0 disagreements'] });
});

test('the charges of every provider are compared, whichever provider takes new charges', async () => {
  const [declined, paid] = orders;
  const intentOf = (id: string, orderId: string) => ({
    ...{ id, object: 'payment_intent', metadata: { orderId }, amount_received: 500 },
    latest_charge: { amount_refunded: 0 },
  });
  const stranger = randomUUID();
  const data = [intentOf('pi_1', declined!), intentOf('pi_2', paid!), intentOf('pi_3', stranger)];
  const stripe = createServer((_, response) => response.end(JSON.stringify({ object: 'list', data, has_more: false })));
  await once(stripe.listen(0, '127.0.0.1'), 'listening');
  const env = {
    ...{ PAYMENT_PROVIDER: 'stripe', STRIPE_SECRET_KEY: 'sk_test', STRIPE_WEBHOOK_SECRET: 'whsec_test' },
    STRIPE_API_URL: `http://127.0.0.1:${(stripe.address() as AddressInfo).port}`,
  };
  const { code, lines } = await reconcile(env);
  stripe.close();
  expect(code).toBe(1);
  const charged = (id: string, words: string) => `order ${id} was charged 500 cents by the provider as ${words}`;
  expect(lines).toEqual(
    [
      '6 orders, 8 charges of fake and stripe, 3 disagreements',
      charged(declined!, 'pi_1, but its payment is declined'),
      charged(paid!, `pi_2, but its payment is fake_${paid}`),
      charged(stranger, 'pi_3, but its payment is unknown'),
    ].sort(),
  );
  expect(await reconcile(env)).toMatchObject({
    code: 1,
    lines: [expect.stringContaining('The payment provider does not list its charges')],
  });
});

test('every change made in a database alone is reported in a line, with exit code 1', async () => {
  const [declined, first, second, third, fourth, fifth] = orders;
  const stranger = randomUUID();
  await shop.databases.catalog.query(`update reservations set status = 'held', settled_at = null where order_id = $1`, [
    first,
  ]);
  await shop.databases.orders.query('delete from orders where id = $1', [third]);
  const atProvider = (text: string, id?: string) => shop.databases.payments.query(text, [id]);
  await atProvider('update fake_charges set amount_cents = amount_cents + 1 where idempotency_key = $1', second);
  await atProvider(`update fake_charges set status = 'paid' where idempotency_key = $1`, declined);
  await atProvider('delete from fake_charges where idempotency_key = $1', fourth);
  await atProvider('insert into fake_refunds values (gen_random_uuid(), $1, 1, 1)', fifth);
  await atProvider(`insert into fake_charges values ($1, 500, 'tok_ok', 1, 'paid')`, stranger);
  const { code, lines } = await reconcile();
  expect(code).toBe(1);
  expect(new Set(lines)).toEqual(
    new Set([
      '6 orders, 6 charges of fake, 8 disagreements',
      `order ${first} is paid, but its goods are held`,
      expect.stringMatching(`order ${second} has a payment of \\d+ cents, but the provider charged \\d+`) as string,
      `order ${third} is unknown to orders, but its goods are confirmed`,
      `order ${third} is unknown to orders, but its payment is paid`,
      `order ${fourth} has a payment that is paid, but the provider has no charge`,
      `order ${fifth} has 0 cents refunded, but the provider refunded 1`,
      expect.stringMatching(
        `order ${declined} was charged \\d+ cents by the provider as fake_${declined}, but its payment is declined`,
      ) as string,
      `order ${stranger} was charged 500 cents by the provider as fake_${stranger}, but its payment is unknown`,
    ]),
  );
});
