// Customers who are deleted or demoted in the database alone.
import type { Running } from '@shop/kit/launch';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, type TestDatabase } from '@shop/kit/testing/stores';
import { accounts } from '@shop/accounts/accounts.module';
import { gateway } from '@shop/gateway/gateway.module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Shopper } from '../shopper.js';
import { redisEnv } from '../stores.js';

/** The shop guarantees 2 s. */
const SOON = { timeout: 20_000, interval: 100 };

let database: TestDatabase;
let running: Running;
beforeAll(async () => {
  database = await createTestDatabase('accounts');
  running = await startForTest([accounts, gateway], {
    ACCOUNTS_DATABASE_URL: database.url,
    ...redisEnv(),
    RATE_LIMITS: 'off',
    SEED: 'demo',
  });
});
afterAll(async () => {
  await running?.stop();
  await database?.drop();
});

test('a customer whose row is gone is logged out within seconds', async () => {
  const sam = new Shopper(running.url!);
  await sam.register();
  const old = sam.at(running.url!);
  expect((await sam.get('/api/session')).body.customer.id).toBe(sam.customerId);
  await database.query('delete from customers where id = $1', [sam.customerId]);
  await expect.poll(async () => (await sam.get('/api/session')).body.customer, SOON).toBeNull();
  expect((await old.get('/api/orders')).body.code).toBe('login_required');
  expect((await old.order({ payment: { method: 'credit' } })).body.code).toBe('login_required');
  const { status, body } = await sam.logIn();
  expect([status, body.code]).toEqual([401, 'bad_credentials']);
});

test('a member of staff whose role is taken away is a customer within seconds', async () => {
  const staff = Shopper.asStaff(running.url!);
  await staff.logIn();
  expect((await staff.get('/api/staff/access')).status).toBe(204);
  await database.query(`update customers set role = 'customer' where email = 'staff@shop.test'`);
  await expect.poll(async () => (await staff.get('/api/staff/access')).status, SOON).toBe(403);
});
