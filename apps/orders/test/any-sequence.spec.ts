// Whatever customers, payments, sweeps and lost calls do to a few orders, in whatever order, and even at once: they end as
// the model says.
import { paymentsRpc, type PaymentState } from '@shop/contracts/payments';
import type { OrderStatus, PlaceOrder as PlaceOrderRequest } from '@shop/contracts/orders';
import { AppError } from '@shop/kit/errors';
import { startForTest, stubService, type Stub } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import type { Running } from '@shop/kit/launch';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orders } from '../src/orders.module.js';
import { PlaceOrder } from '../src/place-order.js';
import { RefundOrder } from '../src/refund-order.js';
import { SettleOrder } from '../src/settle-order.js';
import { startCatalogDouble } from './catalog-double.js';
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
let catalog: Awaited<ReturnType<typeof startCatalogDouble>>;
let payments: Stub;
let running: Running;
/** What payments knows of an order once it was asked for it, by order id. `given` are the keys of refunds of one piece each. */
const books = new Map<string, { state: PaymentState; pieces: number; given: Set<string> }>();

beforeAll(async () => {
  db = await createTestDatabase('orders');
  catalog = await startCatalogDouble();
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
    // The commands sweep, nothing else does.
    ORDERS_SWEEP_SECONDS: '30',
  });
});
afterAll(async () => {
  await running?.stop();
  await payments?.stop();
  await catalog?.stop();
  await db?.drop();
});

interface Trial {
  productId: string;
  requests: PlaceOrderRequest[];
  /** Per key: whether the bank will pay. */
  solvent: boolean[];
  /** Every id that anybody was told, per key. */
  told: Set<string>[];
}

function newTrial(solvent: boolean[]): Trial {
  const productId = catalog.add(PRICE_CENTS, STOCK);
  const requests = solvent.map((_, key) => orderFor([], { lines: [{ productId, quantity: quantityOf(key) }] }));
  return { productId, requests, solvent, told: solvent.map(() => new Set<string>()) };
}

async function rowOf({ requests }: Trial, key: number) {
  const { customerId, idempotencyKey } = requests[key]!;
  const [row] = await db.query<{ id: string; status: OrderStatus; withdrawn: boolean; refunded: number }>(
    'select id, status, withdrawn_at is not null as withdrawn, refunded_cents::integer as refunded from orders where customer_id = $1 and idempotency_key = $2',
    [customerId, idempotencyKey],
  );
  return row;
}

/** Carries a command out; what it throws is what the caller would try again after, or be told. */
async function run(trial: Trial, command: Command): Promise<void> {
  const { key } = command;
  const row = await rowOf(trial, key);
  const ignore = () => undefined;
  if (command.do === 'place') {
    const placed = running.app.get(PlaceOrder, { strict: false }).place(trial.requests[key]!);
    return placed.then(({ id }) => void trial.told[key]!.add(id), ignore);
  }
  if (!row) return;
  if (command.do === 'withdraw') return running.app.get(PlaceOrder, { strict: false }).withdraw(row.id).catch(ignore);
  if (command.do === 'refund') return refund(row.id, command).catch(ignore);
  // Payments is asked by pending orders only.
  if (row.status === 'new') return;
  const state = trial.solvent[key]
    ? { status: 'paid' as const }
    : ({ status: 'declined', reason: 'card_declined' } as const);
  if (!books.has(row.id)) books.set(row.id, { state, pieces: quantityOf(key), given: new Set() });
  await running.app.get(SettleOrder, { strict: false }).catchUp(row.id).catch(ignore);
}

/** What payments then tells orders gets lost with its answer; or it is told, and an older word comes late. */
async function refund(id: string, { part, fault }: Command & { do: 'refund' }): Promise<void> {
  const refunding = running.app.get(RefundOrder, { strict: false });
  const request = { id, idempotencyKey: `part ${part}`, amountCents: PRICE_CENTS, reason: 'broken' };
  await refunding.refundOrder(request).catch(() => undefined);
  const pieces = books.get(id)?.given.size ?? 0;
  if (fault !== 'none') return;
  for (const told of [pieces, pieces - 1])
    if (told > 0) await refunding.refundSettled({ orderId: id, refundedCents: told * PRICE_CENTS });
}

async function compare(trial: Trial, model: Modelled[]): Promise<void> {
  const rows = await Promise.all(model.map((_, key) => rowOf(trial, key)));
  const found = rows.map((row) => ({
    status: row ? (row.withdrawn ? 'withdrawn' : row.status) : 'absent',
    given: row ? (books.get(row.id)?.given.size ?? 0) : 0,
    refunded: (row?.refunded ?? 0) / PRICE_CENTS,
  }));
  expect(found).toEqual(model.map(({ status, given, refunded }) => ({ status, given: given.size, refunded })));
  expect(catalog.stockOf(trial.productId)).toBe(STOCK - model.reduce((sum, { taken }) => sum + taken, 0));
}

test('one after the other, every command leaves what the model says', { timeout: 60_000 }, async () => {
  const property = fc.asyncProperty(
    solvency,
    fc.array(commands, { maxLength: 30, size: 'max' }),
    async (solvent, commands) => {
      const trial = newTrial(solvent);
      const model = newModel();
      for (const command of commands) {
        catalog.faults.splice(0, Infinity, command.fault);
        await run(trial, command);
        step(model, command, solvent);
        await compare(trial, model);
      }
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

test(
  'at once, they end as some sequence would have ended, and who was told of an order keeps it',
  { timeout: 60_000 },
  async () => {
    const batches = fc.array(fc.array(commands, { minLength: 2, maxLength: 5 }), { maxLength: 5 });
    const property = fc.asyncProperty(solvency, batches, async (solvent, all) => {
      const trial = newTrial(solvent);
      const refunded = solvent.map(() => 0);
      for (const batch of all) {
        catalog.faults.splice(0, Infinity, ...batch.map((command) => command.fault));
        await Promise.all(batch.map((command) => run(trial, command)));
        // What was given back never becomes less.
        for (let key = 0; key < KEYS; key++) {
          const now = (await rowOf(trial, key))?.refunded ?? 0;
          expect(now).toBeGreaterThanOrEqual(refunded[key]!);
          refunded[key] = now;
        }
      }
      // Everybody comes back on a better day.
      catalog.faults.length = 0;
      for (let key = 0; key < KEYS; key++) await run(trial, { do: 'place', key, fault: 'none' });
      for (let key = 0; key < KEYS; key++) await run(trial, { do: 'settle', key, fault: 'none' });
      for (let key = 0; key < KEYS; key++) await run(trial, { do: 'refund', key, part: 0, fault: 'none' });

      let sold = 0;
      for (let key = 0; key < KEYS; key++) {
        const row = (await rowOf(trial, key))!;
        const goods = catalog.reservationOf(row.id);
        if (goods === 'confirmed') sold += quantityOf(key);
        const given = books.get(row.id)?.given.size ?? 0;
        const paid = given === quantityOf(key) ? 'refunded confirmed' : 'paid confirmed';
        const ends = solvent[key] ? [paid] : ['rejected released'];
        // Refused as sold out: it never held anything, or gave it back.
        expect([...ends, 'rejected undefined', 'rejected released']).toContain(`${row.status} ${goods}`);
        expect(row.refunded).toBe(given * PRICE_CENTS);
        if (row.status === 'rejected') expect(given).toBe(0);
        expect([...trial.told[key]!].filter((id) => id !== row.id)).toEqual([]);
      }
      // Nothing is sold twice, and nothing is held for nobody.
      expect(catalog.stockOf(trial.productId)).toBe(STOCK - sold);
    });
    await fc.assert(property, { numRuns: 50 });
  },
);
