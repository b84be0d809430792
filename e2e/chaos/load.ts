// Customers who keep ordering and retry each order until it is answered, whatever happens to the shop.
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { patiently, patientlySettled } from '../patience.js';
import { registered } from './races.js';
import type { Shopper } from '../shopper.js';
import { disagreements, giveCredit, stockOf } from './books.js';
import type { Shop } from '../shop.js';

const payments = [
  { method: 'card', token: 'tok_ok' },
  { method: 'credit' },
  { method: 'card', token: 'tok_declined' },
  { method: 'card', token: 'tok_flaky' },
];
const STOCK = 10_000;

export class Load {
  private readonly answered: { buyer: Shopper; key: string; id: string }[] = [];
  private paidBefore = 0;
  private going = false;
  private ended: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly shop: Shop,
    private readonly buyers: Shopper[],
    private readonly productId: string,
  ) {}

  static async of(shop: Shop, customers: number): Promise<Load> {
    const buyers = await registered(shop, customers);
    for (const { customerId } of buyers) await giveCredit(shop, customerId, 100_000_00);
    return new Load(shop, buyers, await shop.newProduct(STOCK));
  }

  start(): void {
    this.going = true;
    this.ended = Promise.all(this.buyers.map((buyer, i) => this.buy(buyer, i)));
  }

  /** Resolves when every order that was started is answered. */
  async pause(): Promise<void> {
    this.going = false;
    await this.ended;
  }

  /** Every confirmed order is final, exists once under its key and was charged once, and the stock adds up. */
  async verify(): Promise<void> {
    expect(this.answered.length).toBeGreaterThan(this.buyers.length);
    const orders = await Promise.all(this.answered.map(({ buyer, id }) => patientlySettled(buyer, id)));
    expect(orders.filter(({ status }) => status !== 'paid' && status !== 'rejected')).toEqual([]);
    expect(await disagreements(this.shop)).toEqual([]);
    const rows = await this.shop.databases.orders.query<{ id: string; key: string }>(
      'select id, idempotency_key as key from orders where idempotency_key = any($1)',
      [this.answered.map(({ key }) => key)],
    );
    const sorted = (ids: string[]) => ids.sort();
    expect(sorted(rows.map(({ id }) => id))).toEqual(sorted(this.answered.map(({ id }) => id)));
    const paid = orders.filter(({ status }) => status === 'paid').length;
    expect(await stockOf(this.shop, this.productId)).toBe(STOCK - this.paidBefore - paid);
    this.paidBefore += paid;
    this.answered.length = 0;
  }

  private async buy(buyer: Shopper, start: number): Promise<void> {
    for (let i = start; this.going; i++) {
      const key = randomUUID();
      const body = { lines: [{ productId: this.productId, quantity: 1 }], payment: payments[i % payments.length] };
      const { status, body: order } = await patiently(buyer, () => buyer.order(body, key));
      expect(status, JSON.stringify(order)).toBe(202);
      this.answered.push({ buyer, key, id: order.id });
      await setTimeout(20 + Math.random() * 80);
    }
  }
}
