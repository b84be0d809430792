// One trial: orders are under way, a process is killed at a point, everybody asks again, and everything must add up.
import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@shop/contracts/services';
import { expect, vi } from 'vitest';
import type { CrashPoint, Kind } from './crash-points.js';
import { orderTheCart } from './cart-scenarios.js';
import { patiently, patientlySettled } from '../patience.js';
import type { Shopper } from '../shopper.js';
import type { TrialShop } from '../trial-shop.js';

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

/** An order of these kinds is under way in every trial. */
const bystanders: Kind[] = ['card', 'declined', 'credit'];
const STOCK = 10;

/** Buyers with enough store credit, to be used in one trial after the other. */
export async function buyersFor(shop: TrialShop): Promise<Shopper[]> {
  return Promise.all(
    [...bystanders, 'own'].map(async () => {
      const buyer = shop.newShopper();
      await buyer.register();
      await shop.giveCredit(buyer.customerId, 1000_00);
      return buyer;
    }),
  );
}

export async function crashScenario(shop: TrialShop, [own, ...others]: Shopper[], point: CrashPoint): Promise<void> {
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
  expect(await shop.disagreements()).toEqual([]);
  expect(await shop.stockOf(product)).toBe(STOCK - sold);
}

/** What the service's next processes get: the first dies at the point. */
function settingsOf({ name, kind }: CrashPoint): NodeJS.ProcessEnv[] {
  if (kind !== 'abandoned') return [{ CRASH_AT: name }, {}];
  const hasty = { ORDERS_WITHDRAW_SECONDS: '1' };
  return [{ ...hasty, CRASH_AT: name }, hasty];
}

async function place(shop: TrialShop, buyer: Shopper, kind: Kind, productId: string) {
  const { token, end } = outcomes[kind];
  const key = randomUUID();
  const payment = token === undefined ? { method: 'credit' } : { method: 'card', token };
  const ask = () => buyer.order({ lines: [{ productId, quantity: 1 }], payment }, key);
  const rows = () =>
    shop.query<{ id: string; status: string; reason: string | null }>(
      'orders',
      'select id, status, reason from orders where idempotency_key = $1',
      [key],
    );
  if (kind === 'abandoned') {
    // As a gateway and an orders leave it that die after the insert.
    await shop.query(
      'orders',
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

  // One order under this key, and the same answer to whoever asks again.
  const [row, ...more] = await rows();
  expect(more).toEqual([]);
  expect(row).toMatchObject(end);
  const again = await patiently(buyer, ask);
  expect([again.status, again.body.id]).toEqual([answer.status, answer.body.id]);
  const charges = await shop.query(
    'payments',
    `select from fake_charges where idempotency_key = $1 and status = 'paid'`,
    [row!.id],
  );
  expect(charges).toHaveLength(end.status !== 'rejected' && token !== undefined ? 1 : 0);
  return row!;
}

/** Two refunds at once, under keys that are used again until there is an answer, and once more at the end. */
async function refundInParts(
  shop: TrialShop,
  buyer: Shopper,
  orderId: string,
  kind: 'refunded' | 'refund failed',
): Promise<void> {
  expect(await patientlySettled(buyer, orderId)).toMatchObject({ status: 'paid', refundedCents: 0 });
  const staff = await shop.staffMember();
  const parts = [40, 60].map((amountCents) => ({ key: randomUUID(), body: { amountCents, reason: 'broken' } }));
  const askForAll = async (expected: number) => {
    const ask = ({ key, body }: (typeof parts)[number]) =>
      patiently(staff, () => staff.send('POST', `/api/orders/${orderId}/refunds`, body, { 'idempotency-key': key }));
    const answers = await Promise.all(parts.map(ask));
    expect(answers.map(({ status }) => status)).toEqual([expected, expected]);
  };
  const refunds = () =>
    shop.query(
      'payments',
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
