// Random sequences of commands by customers, payments, sweeps and lost calls, one after the other and concurrently, end as the
// model says.
import { paymentsRpc, type PaymentState } from '@shop/contracts/payments';
import type { OrderStatus, PlaceOrder as PlaceOrderRequest } from '@shop/contracts/orders';
import { startForTest, stubService, type Stub } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import type { Running } from '@shop/kit/launch';
import { AppError } from '@shop/rpc/errors';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orders } from '../src/orders.module.js';
import { PlaceOrder } from '../src/place-order.js';
import { RefundsController } from '../src/refunds.controller.js';
import { SettleOrder } from '../src/settle-order.js';
import { startCatalogFake } from './catalog-fake.js';
import {
  commands,
  KEYS,
  newModel,
  quantityOf,
  solvency,
  step,
  STOCK,
  type Command,
  type Modelled,
} from './order-model.js';
import { orderFor } from './orders-under-test.js';

const PRICE_CENTS = 10_00;

let db: TestDatabase;
let catalog: Awaited<ReturnType<typeof startCatalogFake>>;
let payments: Stub;
let running: Running;
/** The payments that were asked for, by order id. `given` has the keys of refunds of one piece each. */
const books = new Map<string, { state: PaymentState; pieces: number; given: Set<string> }>();

beforeAll(async () => {
  db = await createTestDatabase('orders');
  catalog = await startCatalogFake();
  payments = await stubService(paymentsRpc, {
    getPayment: ({ orderId }) => books.get(orderId)?.state ?? ({ status: 'unknown' } as const),
    requestRefund: ({ orderId, idempotencyKey }) =>
      catalog.perhaps(() => {
        const { pieces, given } = books.get(orderId)!;
        if (!given.has(idempotencyKey) && given.size === pieces) throw new AppError('refund_exceeds_payment');
        given.add(idempotencyKey);
        return { done: true as const };
      }),
  });
  running = await startForTest(orders, {
    ORDERS_DATABASE_URL: db.url,
    REDIS_STATE_URL: testRedisUrl(6),
    CATALOG_ADDRESSES: `127.0.0.1:${catalog.port}`,
    PAYMENTS_ADDRESSES: payments.address,
    // Only commands sweep.
    ORDERS_SWEEP_SECONDS: '30',
  });
});
afterAll(async () => {
  await running?.stop();
  await payments?.stop();
  await catalog?.stop();
  await db?.drop();
});

interface Scenario {
  productId: string;
  requests: PlaceOrderRequest[];
  /** Whether the bank will pay, per key. */
  solvent: boolean[];
  /** Every id that was returned to a client, per key. */
  returned: Set<string>[];
}

function newScenario(solvent: boolean[]): Scenario {
  const productId = catalog.add(PRICE_CENTS, STOCK);
  const requests = solvent.map((_, key) => orderFor([], { lines: [{ productId, quantity: quantityOf(key) }] }));
  return { productId, requests, solvent, returned: solvent.map(() => new Set<string>()) };
}

async function rowOf({ requests }: Scenario, key: number) {
  const { customerId, idempotencyKey } = requests[key]!;
  const [row] = await db.query<{ id: string; status: OrderStatus; cancelled: boolean; refunded: number }>(
    'select id, status, withdrawn_at is not null as cancelled, refunded_cents::integer as refunded from orders where customer_id = $1 and idempotency_key = $2',
    [customerId, idempotencyKey],
  );
  return row;
}

/** Executes a command. Errors are those that a caller would retry or report. */
async function run(scenario: Scenario, command: Command): Promise<void> {
  const { key } = command;
  const row = await rowOf(scenario, key);
  const ignore = () => undefined;
  if (command.do === 'place') {
    const placed = running.app.get(PlaceOrder, { strict: false }).place(scenario.requests[key]!);
    return placed.then(({ id }) => void scenario.returned[key]!.add(id), ignore);
  }
  if (!row) return;
  if (command.do === 'cancel') return running.app.get(PlaceOrder, { strict: false }).cancel(row.id).catch(ignore);
  if (command.do === 'refund') return refund(row.id, command).catch(ignore);
  // Only pending orders ask payments.
  if (row.status === 'new') return;
  const state = scenario.solvent[key]
    ? { status: 'paid' as const }
    : ({ status: 'declined', reason: 'card_declined' } as const);
  if (!books.has(row.id)) books.set(row.id, { state, pieces: quantityOf(key), given: new Set() });
  await running.app.get(SettleOrder, { strict: false }).catchUp(row.id).catch(ignore);
}

/** Then payments sends the sum to orders, and an older sum again late. With a fault both are lost. */
async function refund(id: string, { part, fault }: Command & { do: 'refund' }): Promise<void> {
  const refunding = running.app.get(RefundsController, { strict: false });
  const request = { id, idempotencyKey: `part ${part}`, amountCents: PRICE_CENTS, reason: 'broken' };
  await refunding.refundOrder(request).catch(() => undefined);
  const pieces = books.get(id)?.given.size ?? 0;
  if (fault !== 'none') return;
  for (const refunded of [pieces, pieces - 1])
    if (refunded > 0) await refunding.refundSettled({ orderId: id, refundedCents: refunded * PRICE_CENTS });
}

async function compare(scenario: Scenario, model: Modelled[]): Promise<void> {
  const rows = await Promise.all(model.map((_, key) => rowOf(scenario, key)));
  const found = rows.map((row) => ({
    status: row ? (row.cancelled ? 'cancelled' : row.status) : 'absent',
    given: row ? (books.get(row.id)?.given.size ?? 0) : 0,
    refunded: (row?.refunded ?? 0) / PRICE_CENTS,
  }));
  expect(found).toEqual(model.map(({ status, given, refunded }) => ({ status, given: given.size, refunded })));
  expect(catalog.stockOf(scenario.productId)).toBe(STOCK - model.reduce((sum, { taken }) => sum + taken, 0));
}

test('every command of a sequence leaves the state that the model says', { timeout: 60_000 }, async () => {
  const property = fc.asyncProperty(
    solvency,
    fc.array(commands, { maxLength: 30, size: 'max' }),
    async (solvent, commands) => {
      const scenario = newScenario(solvent);
      const model = newModel();
      for (const command of commands) {
        catalog.faults.splice(0, Infinity, command.fault);
        await run(scenario, command);
        step(model, command, solvent);
        await compare(scenario, model);
      }
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

test(
  'concurrent commands end like some sequence of them, and an order that was confirmed to a client is kept',
  { timeout: 60_000 },
  async () => {
    const batches = fc.array(fc.array(commands, { minLength: 2, maxLength: 5 }), { maxLength: 5 });
    const property = fc.asyncProperty(solvency, batches, async (solvent, all) => {
      const scenario = newScenario(solvent);
      const refunded = solvent.map(() => 0);
      for (const batch of all) {
        catalog.faults.splice(0, Infinity, ...batch.map((command) => command.fault));
        await Promise.all(batch.map((command) => run(scenario, command)));
        // The refunded sum never decreases.
        for (let key = 0; key < KEYS; key++) {
          const now = (await rowOf(scenario, key))?.refunded ?? 0;
          expect(now).toBeGreaterThanOrEqual(refunded[key]!);
          refunded[key] = now;
        }
      }
      // Every client retries once nothing fails any more.
      catalog.faults.length = 0;
      for (let key = 0; key < KEYS; key++) await run(scenario, { do: 'place', key, fault: 'none' });
      for (let key = 0; key < KEYS; key++) await run(scenario, { do: 'settle', key, fault: 'none' });
      for (let key = 0; key < KEYS; key++) await run(scenario, { do: 'refund', key, part: 0, fault: 'none' });

      let sold = 0;
      for (let key = 0; key < KEYS; key++) {
        const row = (await rowOf(scenario, key))!;
        const goods = catalog.reservationOf(row.id);
        if (goods === 'confirmed') sold += quantityOf(key);
        const given = books.get(row.id)?.given.size ?? 0;
        const paid = given === quantityOf(key) ? 'refunded confirmed' : 'paid confirmed';
        const ends = solvent[key] ? [paid] : ['rejected released'];
        // An order refused as out of stock never held anything, or released it.
        expect([...ends, 'rejected undefined', 'rejected released']).toContain(`${row.status} ${goods}`);
        expect(row.refunded).toBe(given * PRICE_CENTS);
        if (row.status === 'rejected') expect(given).toBe(0);
        expect([...scenario.returned[key]!].filter((id) => id !== row.id)).toEqual([]);
      }
      // No piece is sold twice, and none is held without an order.
      expect(catalog.stockOf(scenario.productId)).toBe(STOCK - sold);
    });
    await fc.assert(property, { numRuns: 50 });
  },
);
