// One trial: orders are under way, a process is killed at a point, everybody asks again, and everything must add up.
import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@shop/contracts/services';
import { expect, vi } from 'vitest';
import type { CrashPoint, Kind } from './crash-points.js';
import { patiently, patientlySettled } from './patience.js';
import type { Shopper } from './shopper.js';
import type { TrialShop } from './trial-shop.js';

const outcomes: Record<Kind, { token?: string; end: { status: string; reason?: string } }> = {
  card: { token: 'tok_ok', end: { status: 'paid' } },
  declined: { token: 'tok_declined', end: { status: 'rejected', reason: 'card_declined' } },
  credit: { end: { status: 'paid' } },
  flaky: { token: 'tok_flaky', end: { status: 'paid' } },
  slow: { token: 'tok_slow', end: { status: 'paid' } },
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

export async function crashTrial(shop: TrialShop, [own, ...others]: Shopper[], point: CrashPoint): Promise<void> {
  const service = point.name.split('.')[0] as ServiceName;
  const [product, soldOut] = await Promise.all([shop.newProduct(STOCK), shop.newProduct(0)]);
  await shop.restartWith(service, ...settingsOf(point));
  const attempts = [
    place(shop, own!, point.kind, point.kind === 'sold out' ? soldOut : product),
    ...others.map((buyer, i) => place(shop, buyer, bystanders[i]!, product)),
  ];
  const [orders] = await Promise.all([Promise.all(attempts), shop.wasKilled(service)]);

  const sold = orders.filter(({ status }) => status === 'paid').length;
  expect(await shop.disagreements()).toEqual([]);
  expect(await shop.stockOf(product)).toBe(STOCK - sold);
}

/** What the service's next processes get: the first dies at the point, unless another has to die first to lead there. */
function settingsOf({ name, kind }: CrashPoint): NodeJS.ProcessEnv[] {
  if (kind !== 'abandoned') return [{ CRASH_AT: name }, {}];
  const hasty = { ORDERS_WITHDRAW_SECONDS: '1' };
  return [{ CRASH_AT: 'orders.after-insert' }, { ...hasty, CRASH_AT: name }, hasty];
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
    await ask().catch(() => undefined);
    await vi.waitFor(async () => expect(await rows()).toEqual([]), { timeout: 60_000, interval: 50 });
  }
  const answer = await patiently(buyer, ask);
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
  expect(charges).toHaveLength(end.status === 'paid' && token !== undefined ? 1 : 0);
  return row!;
}
