// Whatever customers, payments, sweeps and lost calls do to a few orders, in whatever order, and even at once: they end as
// the model says. The model is the contract in a few lines, without a database, a network or a second process.
import { paymentsRpc, type PaymentState } from '@shop/contracts/payments';
import type { OrderStatus, PlaceOrder as PlaceOrderRequest } from '@shop/contracts/orders';
import { startForTest, stubService, type Stub } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import type { Running } from '@shop/kit/launch';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orders } from '../src/orders.module.js';
import { PlaceOrder } from '../src/place-order.js';
import { SettleOrder } from '../src/settle-order.js';
import { startCatalogDouble, type Fault } from './catalog-double.js';
import { orderFor } from './orders-under-test.js';

const KEYS = 3;
const STOCK = 3;

let db: TestDatabase;
let catalog: Awaited<ReturnType<typeof startCatalogDouble>>;
let payments: Stub;
let running: Running;
/** What the bank says of an order once it was asked, by order id. */
const verdicts = new Map<string, PaymentState>();

beforeAll(async () => {
  db = await createTestDatabase('orders');
  catalog = await startCatalogDouble();
  payments = await stubService(paymentsRpc, {
    getPayment: ({ orderId }) => verdicts.get(orderId) ?? ({ status: 'unknown' } as const),
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

type Command = { key: number } & (
  | { do: 'place'; fault: Fault }
  | { do: 'withdraw'; fault: Fault }
  /** Told by a job, or asked by a sweep. */
  | { do: 'settle'; fault: Fault }
);
const fault = fc.constantFrom<Fault>('none', 'none', 'before', 'after');
const command: fc.Arbitrary<Command> = fc.record({
  do: fc.constantFrom('place', 'place', 'withdraw', 'settle'),
  key: fc.nat(KEYS - 1),
  fault,
});
const bank = fc.array(fc.boolean(), { minLength: KEYS, maxLength: KEYS });

interface Trial {
  productId: string;
  requests: PlaceOrderRequest[];
  /** Per key: whether the bank will pay. */
  solvent: boolean[];
  /** Every id that anybody was told, per key. */
  told: Set<string>[];
}

function newTrial(solvent: boolean[]): Trial {
  const productId = catalog.add(10_00, STOCK);
  // Different quantities, so that it matters who comes first.
  const requests = solvent.map((_, key) => orderFor([], { lines: [{ productId, quantity: key + 1 }] }));
  return { productId, requests, solvent, told: solvent.map(() => new Set<string>()) };
}

async function rowOf({ requests }: Trial, key: number) {
  const { customerId, idempotencyKey } = requests[key]!;
  const [row] = await db.query<{ id: string; status: OrderStatus; withdrawn: boolean }>(
    'select id, status, withdrawn_at is not null as withdrawn from orders where customer_id = $1 and idempotency_key = $2',
    [customerId, idempotencyKey],
  );
  return row;
}

/** Carries a command out; what it throws is what the caller would try again after, or be told. */
async function run(trial: Trial, { key, ...command }: Command): Promise<void> {
  const placing = running.app.get(PlaceOrder, { strict: false });
  if (command.do === 'place') {
    await placing.place(trial.requests[key]!).then(
      ({ id }) => trial.told[key]!.add(id),
      () => undefined,
    );
    return;
  }
  const row = await rowOf(trial, key);
  if (!row) return;
  if (command.do === 'withdraw') return placing.withdraw(row.id).catch(() => undefined);
  // Payments is asked by pending orders only.
  if (row.status === 'new') return;
  verdicts.set(row.id, trial.solvent[key] ? { status: 'paid' } : { status: 'declined', reason: 'card_declined' });
  await running.app
    .get(SettleOrder, { strict: false })
    .catchUp(row.id)
    .catch(() => undefined);
}

interface Modelled {
  status: OrderStatus | 'absent' | 'withdrawn';
  /** Pieces taken out of the stock. */
  taken: number;
}

/** The same command, in the model. */
function step(model: Modelled[], { key, ...command }: Command, solvent: boolean[]): void {
  const order = model[key]!;
  const quantity = key + 1;
  const left = () => STOCK - model.reduce((sum, { taken }) => sum + taken, 0);
  const release = (then: Modelled['status']) => {
    if (command.fault === 'before') return;
    order.taken = 0;
    if (command.fault === 'none') order.status = then;
  };
  if (command.do === 'withdraw' && (order.status === 'new' || order.status === 'withdrawn')) {
    order.status = 'withdrawn';
    release('absent');
  } else if (command.do === 'place' && ['absent', 'new', 'withdrawn'].includes(order.status)) {
    // Taking the old one back is the call that has the fault; then there is none left for the new one.
    if (order.status === 'withdrawn') {
      release('absent');
      if (command.fault !== 'none') return;
    }
    order.status = 'new';
    if (command.fault === 'before') return;
    const enough = order.taken > 0 || left() >= quantity;
    if (enough) order.taken = quantity;
    if (command.fault === 'none') order.status = enough ? 'pending' : 'rejected';
  } else if (command.do === 'settle' && order.status === 'pending') {
    if (solvent[key] && command.fault === 'none') order.status = 'paid';
    if (!solvent[key]) release('rejected');
  }
}

async function compare(trial: Trial, model: Modelled[]): Promise<void> {
  const rows = await Promise.all(model.map((_, key) => rowOf(trial, key)));
  const statuses = rows.map((row) => (row ? (row.withdrawn ? 'withdrawn' : row.status) : 'absent'));
  expect(statuses).toEqual(model.map(({ status }) => status));
  expect(catalog.stockOf(trial.productId)).toBe(STOCK - model.reduce((sum, { taken }) => sum + taken, 0));
}

test('one after the other, every command leaves what the model says', { timeout: 60_000 }, async () => {
  const property = fc.asyncProperty(bank, fc.array(command, { maxLength: 15 }), async (solvent, commands) => {
    const trial = newTrial(solvent);
    const model = solvent.map((): Modelled => ({ status: 'absent', taken: 0 }));
    for (const command of commands) {
      catalog.faults.splice(0, Infinity, command.fault);
      await run(trial, command);
      step(model, command, solvent);
      await compare(trial, model);
    }
  });
  await fc.assert(property, { numRuns: 100 });
});

test(
  'at once, they end as some sequence would have ended, and who was told of an order keeps it',
  { timeout: 60_000 },
  async () => {
    const batches = fc.array(fc.array(command, { minLength: 2, maxLength: 5 }), { maxLength: 5 });
    const property = fc.asyncProperty(bank, batches, async (solvent, all) => {
      const trial = newTrial(solvent);
      for (const batch of all) {
        catalog.faults.splice(0, Infinity, ...batch.map((command) => command.fault));
        await Promise.all(batch.map((command) => run(trial, command)));
      }
      // Everybody comes back on a better day.
      catalog.faults.length = 0;
      for (let key = 0; key < KEYS; key++) await run(trial, { do: 'place', key, fault: 'none' });
      for (let key = 0; key < KEYS; key++) await run(trial, { do: 'settle', key, fault: 'none' });

      let sold = 0;
      for (let key = 0; key < KEYS; key++) {
        const row = (await rowOf(trial, key))!;
        const goods = catalog.reservationOf(row.id);
        if (goods === 'confirmed') sold += key + 1;
        const ends = solvent[key] ? ['paid confirmed'] : ['rejected released'];
        // Refused as sold out: it never held anything, or gave it back.
        expect([...ends, 'rejected undefined', 'rejected released']).toContain(`${row.status} ${goods}`);
        expect([...trial.told[key]!].filter((id) => id !== row.id)).toEqual([]);
      }
      // Nothing is sold twice, and nothing is held for nobody.
      expect(catalog.stockOf(trial.productId)).toBe(STOCK - sold);
    });
    await fc.assert(property, { numRuns: 50 });
  },
);
