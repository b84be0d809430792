import { paymentsRpc } from '@shop/contracts/payments';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { card, startPayments, type Payments } from '../../../../test/payments-under-test.js';
import { startStripeFake, stripeEvent, type StripeFake } from './stripe-fake.js';

const CREATE = 'POST /v1/payment_intents';

let stripe: StripeFake;
let payments: Payments;
beforeAll(async () => {
  stripe = await startStripeFake();
  payments = await startPayments(stripe.env);
});
afterAll(async () => {
  await payments.stop();
  await stripe.stop();
});

const receive = (event: { body: string; signature: string }) =>
  payments.rpc.call(paymentsRpc.receiveStripeEvent, event);
const known = async (id: string) =>
  payments.db.query('select type, order_id, payment_status from provider_events where id = $1', [id]);

test('an event makes payments ask Stripe long before its next attempt is due', async () => {
  stripe.fault('after', CREATE);
  const { orderId } = await payments.charge(card('tok_visa'));
  await vi.waitFor(async () =>
    expect(
      await payments.db.query(`update payments set next_attempt_at = now() + interval '1 hour'
        where order_id = '${orderId}' and next_attempt_at < now() + interval '2 seconds' returning 1 as moved`),
    ).toHaveLength(1),
  );
  await receive(stripeEvent('payment_intent.succeeded', orderId));
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await payments.entries(orderId)).toHaveLength(2);
});

test('events never change a settled payment', async () => {
  const { orderId } = await payments.charge(card('tok_visa'));
  await payments.settled(orderId);
  const types = ['payment_intent.payment_failed', 'payment_intent.canceled', 'payment_intent.succeeded'];
  const events = types.map((type) => stripeEvent(type, orderId));
  await Promise.all([...events, ...events, ...events].map(receive));
  expect(await payments.stateOf(orderId)).toEqual({ status: 'paid' });
  expect(await payments.entries(orderId)).toHaveLength(2);
});

test('ten concurrent deliveries of an event count as one', async () => {
  const { orderId } = await payments.charge(card('tok_visa'));
  await payments.settled(orderId);
  const event = stripeEvent('payment_intent.succeeded', orderId, { id: 'evt_ten' });
  await Promise.all(Array.from({ length: 10 }, () => receive(event)));
  expect(await known('evt_ten')).toEqual([
    { type: 'payment_intent.succeeded', order_id: orderId, payment_status: 'paid' },
  ]);
});

test('events of unknown orders, of other shops and without an order are recorded and accepted', async () => {
  const unknown = uuidv7();
  await receive(stripeEvent('payment_intent.succeeded', unknown, { id: 'evt_unknown' }));
  await receive(stripeEvent('payment_intent.succeeded', 'order 7 of another shop', { id: 'evt_other' }));
  await receive(stripeEvent('customer.created', undefined, { id: 'evt_none' }));
  expect(await known('evt_unknown')).toMatchObject([{ order_id: unknown, payment_status: null }]);
  expect(await known('evt_other')).toMatchObject([{ order_id: null }]);
  expect(await known('evt_none')).toMatchObject([{ type: 'customer.created', order_id: null }]);
  expect(await payments.stateOf(unknown)).toEqual({ status: 'unknown' });
});

test('an event with a wrong or old signature is refused and not recorded', async () => {
  const event = stripeEvent('payment_intent.succeeded', uuidv7(), { id: 'evt_bad' });
  const bad = [
    { ...event, signature: '' },
    { ...event, signature: 'nonsense' },
    { ...event, signature: event.signature.replace(/v1=.{8}/, 'v1=00000000') },
    { ...event, body: event.body.replace('succeeded', 'canceled') },
    stripeEvent('payment_intent.succeeded', uuidv7(), { id: 'evt_bad', age: 600 }),
  ];
  for (const each of bad) await expect(receive(each), each.signature).rejects.toMatchObject({ code: 'forbidden' });
  expect(await known('evt_bad')).toEqual([]);
});

test('events are deleted after thirty days, and not before', async () => {
  const kept = async () =>
    (await payments.db.query<{ id: string }>(`select id from provider_events where type = 'old' order by id`)).map(
      ({ id }) => id,
    );
  await payments.db.query(
    `insert into provider_events (id, type, received_at)
     select 'evt_old_' || age, 'old', now() - make_interval(days => age) from unnest(array[29, 31, 400]) age`,
  );
  await vi.waitFor(async () => expect(await kept()).toEqual(['evt_old_29']), { timeout: 15_000, interval: 50 });
});

test('events of Stripe are not found where Stripe is not configured', async () => {
  const other = await startPayments();
  const event = stripeEvent('payment_intent.succeeded', uuidv7());
  await expect(other.rpc.call(paymentsRpc.receiveStripeEvent, event)).rejects.toMatchObject({ code: 'not_found' });
  await other.stop();
});
