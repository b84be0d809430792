// Orders are in progress, a process is killed at a fail point, all clients retry, and the databases must agree.
import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@shop/contracts/services';
import { expect, vi } from 'vitest';
import type { FailPoint, Kind } from './crash-points.js';
import { orderTheCart } from './cart-scenarios.js';
import { patiently, patientlySettled } from '../patience.js';
import type { Shopper } from '../shopper.js';
import { disagreements, giveCredit, stockOf } from './books.js';
import type { Shop } from '../shop.js';

const outcomes: Record<Kind, { token?: string; end: { status: string; reason?: string } }> = {
  card: { token: 'tok_ok', end: { status: 'paid' } },
  cart: { token: 'tok_ok', end: { status: 'paid' } },
  declined: { token: 'tok_declined', end: { status: 'rejected', reason: 'card_declined' } },
  credit: { end: { status: 'paid' } },
  flaky: { token: 'tok_flaky', end: { status: 'paid' } },
  slow: { token: 'tok_slow', end: { status: 'paid' } },
  refunded: { token: 'tok_ok', end: { status: 'refunded' } },
  'refund failed': { token: 'tok_refund_fails_later', end: { status: 'paid' } },
  'sold out': { token: 'tok_ok', end: { status: 'rejected', reason: 'out_of_stock' } },
  abandoned: { token: 'tok_ok', end: { status: 'paid' } },
};

/** An order of each of these kinds is in progress in every scenario. */
const bystanders: Kind[] = ['card', 'declined', 'credit'];
const STOCK = 10;

/** Buyers with enough store credit for many scenarios. */
export async function buyersFor(shop: Shop): Promise<Shopper[]> {
  return Promise.all(
    [...bystanders, 'own'].map(async () => {
      const buyer = shop.shopper();
      await buyer.register();
      await giveCredit(shop, buyer.customerId, 1000_00);
      return buyer;
    }),
  );
}

export async function crashScenario(shop: Shop, [own, ...others]: Shopper[], point: FailPoint): Promise<void> {
  const service = point.name.split('.')[0] as ServiceName;
  const [product, soldOut] = await Promise.all([shop.newProduct(STOCK), shop.newProduct(0)]);
  await shop.restartWith(service, ...settingsOf(point));
  const attempts = [
    point.kind === 'cart'
      ? orderTheCart(shop, own!, product)
      : place(shop, own!, point.kind, point.kind === 'sold out' ? soldOut : product),
    ...others.map((buyer, i) => place(shop, buyer, bystanders[i]!, product)),
  ];
  const [orders] = await Promise.all([Promise.all(attempts), shop.wasKilled(service)]);

  const sold = orders.filter(({ status }) => status !== 'rejected').length;
  expect(await disagreements(shop)).toEqual([]);
  expect(await stockOf(shop, product)).toBe(STOCK - sold);
}

/** Settings of the service's next processes: the first one is killed at the point. */
function settingsOf({ name, kind }: FailPoint): NodeJS.ProcessEnv[] {
  if (kind !== 'abandoned') return [{ FAIL_POINT: name }, {}];
  const hasty = { ORDERS_WITHDRAW_SECONDS: '1' };
  return [{ ...hasty, FAIL_POINT: name }, hasty];
}

async function place(shop: Shop, buyer: Shopper, kind: Kind, productId: string) {
  const { token, end } = outcomes[kind];
  const key = randomUUID();
  const payment = token === undefined ? { method: 'credit' } : { method: 'card', token };
  const ask = () => buyer.order({ lines: [{ productId, quantity: 1 }], payment }, key);
  const rows = () =>
    shop.databases.orders.query<{ id: string; status: string; reason: string | null }>(
      'select id, status, reason from orders where idempotency_key = $1',
      [key],
    );
  if (kind === 'abandoned') {
    // The row that a gateway and an orders leave if they are killed after the insert.
    await shop.databases.orders.query(
      `insert into orders (id, customer_id, idempotency_key, body_hash, requested, payment, next_sweep_at)
       values ($1, $2, $3, '', $4, $5, now())`,
      [randomUUID(), buyer.customerId, key, JSON.stringify([{ productId, quantity: 1 }]), JSON.stringify(payment)],
    );
    await vi.waitFor(async () => expect(await rows()).toEqual([]), { timeout: 60_000, interval: 50 });
  }
  const answer = await patiently(buyer, ask);
  if (kind === 'refunded' || kind === 'refund failed') await refundInParts(shop, buyer, answer.body.id, kind);
  if (kind === 'sold out') expect([answer.status, answer.body.code]).toEqual([409, 'out_of_stock']);
  else expect(await patientlySettled(buyer, answer.body.id)).toMatchObject(end);

  // There is one order under this key, and a retry gets the same response.
  const [row, ...more] = await rows();
  expect(more).toEqual([]);
  expect(row).toMatchObject(end);
  const again = await patiently(buyer, ask);
  expect([again.status, again.body.id]).toEqual([answer.status, answer.body.id]);
  const charges = await shop.databases.payments.query(
    `select from fake_charges where idempotency_key = $1 and status = 'paid'`,
    [row!.id],
  );
  expect(charges).toHaveLength(end.status !== 'rejected' && token !== undefined ? 1 : 0);
  return row!;
}

/** Two simultaneous refunds, retried under their keys until they are answered, and once more at the end. */
async function refundInParts(
  shop: Shop,
  buyer: Shopper,
  orderId: string,
  kind: 'refunded' | 'refund failed',
): Promise<void> {
  expect(await patientlySettled(buyer, orderId)).toMatchObject({ status: 'paid', refundedCents: 0 });
  const staff = await shop.sameStaff();
  const parts = [40, 60].map((amountCents) => ({ key: randomUUID(), body: { amountCents, reason: 'broken' } }));
  const askForAll = async (expected: number) => {
    const ask = ({ key, body }: (typeof parts)[number]) =>
      patiently(staff, () => staff.send('POST', `/api/orders/${orderId}/refunds`, body, { 'idempotency-key': key }));
    const answers = await Promise.all(parts.map(ask));
    expect(answers.map(({ status }) => status)).toEqual([expected, expected]);
  };
  const refunds = () =>
    shop.databases.payments.query(
      `select r.amount_cents::int as asked, given.amount_cents::int as given, next_attempt_at is null as done, status
       from refunds r left join fake_refunds given on given.idempotency_key = r.id where order_id = $1 order by 1`,
      [orderId],
    );
  await askForAll(202);
  const status = kind === 'refunded' ? 'refunded' : 'failed';
  const done = parts.map(({ body: { amountCents: asked } }) => ({ asked, given: asked, done: true, status }));
  await vi.waitFor(async () => expect(await refunds()).toEqual(done), { timeout: 60_000, interval: 50 });
  await askForAll(kind === 'refunded' ? 202 : 409);
  expect(await refunds()).toEqual(done);
  const { body: order } = await patiently(buyer, () => buyer.get(`/api/orders/${orderId}`));
  expect(order).toMatchObject(
    kind === 'refunded' ? { status: 'refunded', refundedCents: 100 } : { status: 'paid', refundedCents: 0 },
  );
}
