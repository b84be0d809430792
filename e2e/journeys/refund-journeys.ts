// Refunds to cards and to store credit, through the public HTTP API only.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { ShopAt } from '../shop.js';
import { Shopper } from '../shopper.js';

/** `door` returns the address of a gateway. */
export function refundJourneys(door: () => string): void {
  const staffMember = () => new ShopAt(door()).staff();
  const paidOrder = async (sam: Shopper, payment: object) => {
    const [product] = (await sam.get('/api/products?inStock=true&sort=price&limit=1')).body.items;
    const placed = await sam.order({ lines: [{ productId: product.id, quantity: 2 }], payment });
    const order = await sam.settled(placed.body.id);
    expect(order).toMatchObject({ status: 'paid', totalCents: 2 * product.priceCents });
    return order as { id: string; totalCents: number };
  };

  test('staff refund a part of an order, then the rest, but not more than was paid', async () => {
    const [sam, staff] = [new Shopper(door()), await staffMember()];
    await sam.register();
    const { id, totalCents } = await paidOrder(sam, { method: 'card', token: 'tok_ok' });
    const refund = (body: object, key: string = randomUUID()) =>
      staff.send('POST', `/api/orders/${id}/refunds`, { reason: 'broken', ...body }, { 'idempotency-key': key });
    const order = async () => {
      const { status, refundedCents } = (await sam.get(`/api/orders/${id}`)).body;
      return [status, refundedCents] as unknown;
    };

    expect((await refund({ amountCents: 100 }, 'part')).status).toBe(202);
    await expect.poll(order, { timeout: 10_000 }).toEqual(['paid', 100]);
    expect((await refund({ amountCents: totalCents })).body.code).toBe('refund_exceeds_payment');
    // The same key is the same refund; of two refunds of the whole rest, one succeeds.
    expect((await refund({ amountCents: 100 }, 'part')).status).toBe(202);
    const rest = await Promise.all([refund({}), refund({ amountCents: totalCents - 100 })]);
    expect(rest.map(({ status }) => status).sort()).toEqual([202, 409]);
    await expect.poll(order, { timeout: 10_000 }).toEqual(['refunded', totalCents]);
    const found = await staff.get(`/api/staff/orders?q=${id}&status=refunded`);
    expect(found.body.items.map((item: { id: string }) => item.id)).toEqual([id]);
  });

  test('an order paid with store credit is refunded to store credit', async () => {
    const [sam, staff] = [new Shopper(door()), await staffMember()];
    await sam.register();
    const { id: customerId } = (await sam.get('/api/session')).body.customer;
    const credit = { amountCents: 1000_00, reference: 'welcome' };
    for (let twice = 0; twice < 2; twice += 1)
      expect((await staff.send('POST', `/api/customers/${customerId}/credit`, credit)).status).toBe(201);
    const balance = async () => (await sam.get('/api/credit')).body.balanceCents as number;
    const { id, totalCents } = await paidOrder(sam, { method: 'credit' });
    expect(await balance()).toBe(1000_00 - totalCents);
    const headers = { 'idempotency-key': 'all of it' };
    const answer = await staff.send('POST', `/api/orders/${id}/refunds`, { reason: 'lost' }, headers);
    expect(answer.status).toBe(202);
    await expect.poll(balance, { timeout: 10_000 }).toBe(1000_00);
    await expect.poll(async () => (await sam.get(`/api/orders/${id}`)).body.status as string).toBe('refunded');
  });

  test('staff see that a refund failed, its key returns the failure, and the order is unchanged', async () => {
    const [sam, staff] = [new Shopper(door()), await staffMember()];
    await sam.register();
    const { id, totalCents } = await paidOrder(sam, { method: 'card', token: 'tok_refund_fails_later' });
    const refund = (key: string) =>
      staff.send('POST', `/api/orders/${id}/refunds`, { reason: 'broken' }, { 'idempotency-key': key });
    const order = async () => {
      const { status, refundedCents } = (await sam.get(`/api/orders/${id}`)).body;
      return [status, refundedCents] as unknown;
    };
    expect((await refund('first')).status).toBe(202);
    await expect.poll(order, { timeout: 10_000 }).toEqual(['refunded', totalCents]);
    await expect.poll(order, { timeout: 30_000 }).toEqual(['paid', 0]);
    expect((await staff.get(`/api/orders/${id}/refunds`)).body.items).toMatchObject([
      { amountCents: totalCents, status: 'failed', reason: 'broken', failure: 'expired_or_canceled_card' },
    ]);
    const again = await refund('first');
    expect([again.status, again.body.code]).toEqual([409, 'refund_failed']);
    expect((await refund('second')).status).toBe(202);
    await expect.poll(order, { timeout: 10_000 }).toEqual(['refunded', totalCents]);
    expect((await sam.get(`/api/orders/${id}/refunds`)).status).toBe(403);
  });
}
