import { Order, type OrderPage } from '@shop/contracts/orders';
import { RefundList, type Credit, type CreditEntry } from '@shop/contracts/payments';
import { AppError } from '@shop/rpc/errors';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { examples } from './examples.js';
import { ADA, openShop, Client, type Shop } from './shop.js';

const ORDER = '01900000-0000-7000-8000-00000000000a';

let shop: Shop;
let ada: Client;
let staff: Client;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  ada = await new Client(shop).logIn();
  staff = await new Client(shop).logIn('sam@example.org');
});
beforeEach(() => shop.calls.clear());
afterAll(() => shop.stop());

describe('a refund', () => {
  const path = `/api/orders/${ORDER}/refunds`;
  const body = { amountCents: 500, reason: 'broken' };
  const key = { 'idempotency-key': 'k' };

  it('is passed on with its key and returns the order', async () => {
    shop.orders.refundOrder = () => Order.parse(examples.Order);
    const answer = await staff.post<Order>(path, body, key);
    expect([answer.status, answer.body]).toEqual([202, examples.Order]);
    expect((await staff.post<Order>(path, { reason: ' x ' }, key)).status).toBe(202);
    expect(shop.calls.get('orders.refundOrder')).toEqual([
      { id: ORDER, idempotencyKey: 'k', ...body },
      { id: ORDER, idempotencyKey: 'k', reason: 'x' },
    ]);
  });

  it('is refused beyond the amount that was paid', async () => {
    shop.orders.refundOrder = () => {
      throw new AppError('refund_exceeds_payment');
    };
    expect((await staff.post(path, body, key)).body).toMatchObject({ status: 409, code: 'refund_exceeds_payment' });
  });

  it('that failed returns its failure when its key is used again', async () => {
    shop.orders.refundOrder = () => {
      throw new AppError('refund_failed', 'It failed: insufficient_funds.');
    };
    expect((await staff.post(path, body, key)).body).toMatchObject({
      ...{ status: 409, code: 'refund_failed', detail: 'It failed: insufficient_funds.' },
    });
  });

  it('is listed for staff with status and failure, or 404 for an unknown order', async () => {
    const { items } = examples.RefundList;
    shop.payments.listRefunds = () => RefundList.parse({ items });
    shop.orders.getOrder = ({ id }) => {
      if (id !== ORDER) throw new AppError('not_found');
      return Order.parse(examples.Order);
    };
    expect((await staff.get<RefundList>(path)).body).toEqual({ items });
    expect(shop.calls.get('payments.listRefunds')).toEqual([{ orderId: ORDER }]);
    expect((await staff.get(`/api/orders/${ADA}/refunds`)).body).toMatchObject({ code: 'not_found' });
    expect((await staff.get('/api/orders/x/refunds')).body).toMatchObject({ code: 'not_found' });
    expect((await ada.get(path)).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await new Client(shop).get(path)).body).toMatchObject({ code: 'login_required' });
  });

  it('rejects customers with 403 and unknown orders with 404', async () => {
    expect((await new Client(shop).post(path, body, key)).body).toMatchObject({ code: 'login_required' });
    expect((await ada.post(path, body, key)).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await staff.post('/api/orders/x/refunds', body, key)).body).toMatchObject({ code: 'not_found' });
    expect(shop.calls.get('orders.refundOrder')).toBeUndefined();
  });

  it('with an invalid body is not passed on', async () => {
    expect((await staff.post(path, body)).body).toMatchObject({ code: 'idempotency_key_required' });
    const wrong = [{}, { ...body, amountCents: 0 }, { ...body, amountCents: 1.5 }, { ...body, amountCents: 1e9 }];
    for (const each of [...wrong, { reason: '' }, { reason: ' ' }, { reason: 'x'.repeat(201) }, { ...body, all: true }])
      expect((await staff.post(path, each, key)).body, JSON.stringify(each)).toMatchObject({ code: 'invalid_request' });
    expect((await staff.post(path, body, { 'idempotency-key': 'x'.repeat(10_000) })).body.code).toBe('invalid_request');
    expect(shop.calls.get('orders.refundOrder')).toBeUndefined();
  });
});

describe('the orders of all customers', () => {
  it('are listed for staff, by id of an order or a customer and by status', async () => {
    expect((await staff.get<OrderPage>('/api/staff/orders')).status).toBe(200);
    expect((await staff.get(`/api/staff/orders?q=${ADA}&status=paid&limit=5&cursor=abc`)).status).toBe(200);
    expect(shop.calls.get('orders.listOrders')).toEqual([
      { limit: 24 },
      { q: ADA, status: 'paid', limit: 5, cursor: 'abc' },
    ]);
    for (const query of ['q=', 'q=%20', `q=${'x'.repeat(201)}`, 'status=lost', 'limit=0', 'customerId=x'])
      expect((await staff.get(`/api/staff/orders?${query}`)).body, query).toMatchObject({ code: 'invalid_request' });
  });

  it('reject customers with 403', async () => {
    expect((await ada.get('/api/staff/orders')).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await new Client(shop).get('/api/staff/orders')).body).toMatchObject({ code: 'login_required' });
  });
});

describe('store credit', () => {
  const gift = { amountCents: 1000, reference: 'late parcel' };

  it('is given by staff and visible to its owner', async () => {
    expect((await ada.get<Credit>('/api/credit')).body).toEqual({ balanceCents: 0, entries: [] });
    const given = await staff.post<CreditEntry>(`/api/customers/${ADA}/credit`, gift);
    expect([given.status, given.body]).toMatchObject([201, gift]);
    expect((await ada.get<Credit>('/api/credit')).body).toEqual({ balanceCents: 1000, entries: [given.body] });
    expect((await staff.get<Credit>('/api/credit')).body.balanceCents).toBe(0);
  });

  it('is refused for unknown customers and when the caller is not staff', async () => {
    const refusals: [Client, string, string][] = [
      [staff, '01900000-0000-7000-8000-00000000dead', 'not_found'],
      [staff, 'x', 'not_found'],
      [ada, ADA, 'forbidden'],
      [new Client(shop), ADA, 'login_required'],
    ];
    for (const [who, id, code] of refusals)
      expect((await who.post(`/api/customers/${id}/credit`, gift)).body.code, id).toBe(code);
    expect((await new Client(shop).get('/api/credit')).body.code).toBe('login_required');
    for (const wrong of [{ ...gift, amountCents: 0 }, { ...gift, amountCents: -5 }, { ...gift, reference: '' }, {}])
      expect((await staff.post(`/api/customers/${ADA}/credit`, wrong)).body.code).toBe('invalid_request');
    expect(shop.calls.get('payments.giveCredit')).toBeUndefined();
  });
});

describe("Stripe's webhook", () => {
  const path = '/api/payments/stripe/events';
  const event = '{ "type":"payment_intent.succeeded",\n "id": "evt_1", "data":{"name":"\\u00e9 é"} }';

  it('passes the bytes of an event to payments with their signature', async () => {
    const answer = await new Client(shop).post(path, event, { 'stripe-signature': 't=1,v1=abc' });
    expect([answer.status, answer.body]).toEqual([200, { received: true }]);
    expect(shop.calls.get('payments.receiveStripeEvent')).toEqual([{ body: event, signature: 't=1,v1=abc' }]);
  });

  it('passes long events to payments completely', async () => {
    const long = JSON.stringify({ id: 'evt_2', type: 'x', filling: 'é'.repeat(40_000) });
    expect((await new Client(shop).post(path, long, { 'stripe-signature': 's' })).status).toBe(200);
    expect(shop.calls.get('payments.receiveStripeEvent')).toEqual([{ body: long, signature: 's' }]);
  });

  it('refuses events that payments refuses, and bodies that are not events', async () => {
    expect((await new Client(shop).post(path, '{"id":1}')).body.code).toBe('invalid_request');
    expect((await new Client(shop).post(path, '{')).body.code).toBe('invalid_request');
    shop.payments.receiveStripeEvent = () => {
      throw new AppError('forbidden');
    };
    expect((await new Client(shop).post(path, event)).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect(shop.calls.get('payments.receiveStripeEvent')).toEqual([{ body: event, signature: '' }]);
  });
});
