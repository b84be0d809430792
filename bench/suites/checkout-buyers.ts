// Customers whose orders have three lines each and are awaited until paid.
import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import { until } from '@shop/tools/processes';
import type { Stores } from './checkout-shop.ts';

const CUSTOMERS = 32;
const SETTLE_MS = 60_000;

export class Buyers {
  private readonly shopUrl: string;
  private readonly stores: Stores;
  private readonly cookies: string[];
  private readonly products: string[];
  private turn = 0;

  private constructor(shopUrl: string, stores: Stores, cookies: string[], products: string[]) {
    this.shopUrl = shopUrl;
    this.stores = stores;
    this.cookies = cookies;
    this.products = products;
  }

  static async register(shopUrl: string, stores: Stores): Promise<Buyers> {
    const register = async () => {
      const customer = { email: `${randomUUID()}@shop.test`, password: 'a long enough password', name: 'Sam Shopper' };
      const answer = await fetch(`${shopUrl}/api/customers`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(customer),
      });
      if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
      return answer.headers.getSetCookie()[0]!.split(';')[0]!;
    };
    const cookies: string[] = [];
    for (let i = 0; i < CUSTOMERS; i++) cookies.push(await register());
    const products = await stores.query<{ id: string }>('catalog', 'select id from products where not hidden');
    return new Buyers(
      shopUrl,
      stores,
      cookies,
      products.map(({ id }) => id),
    );
  }

  /** Places orders and waits until all are paid; resolves to the number per second, from the first to the last. */
  async buy(orders: number, concurrency: number): Promise<{ orders: number; perSecond: number }> {
    const paidBefore = await this.paid();
    const startedAt = performance.now();
    const result = await autocannon({
      url: `${this.shopUrl}/api/orders`,
      connections: concurrency,
      amount: orders,
      requests: [{ method: 'POST', setupRequest: (request) => ({ ...request, ...this.request() }) }],
    });
    if (result.non2xx || result.errors)
      throw new Error(`${result.non2xx} orders refused, ${result.errors} errors of ${orders}`);
    const settled = async () =>
      (await this.stores.query('orders', 'select from orders where next_sweep_at is not null limit 1')).length === 0;
    if (!(await until(settled, SETTLE_MS, 10))) throw new Error('orders are not settled');
    const seconds = (performance.now() - startedAt) / 1000;
    const paid = (await this.paid()) - paidBefore;
    if (paid !== result['2xx']) throw new Error(`${paid} orders paid of ${result['2xx']}`);
    return { orders: paid, perSecond: paid / seconds };
  }

  /** Places one order for three products that no other such order has; resolves when it is paid. */
  async placeOne(): Promise<void> {
    const id = await this.place(3);
    const paid = async () =>
      (await this.stores.query('orders', `select from orders where id = '${id}' and status = 'paid'`)).length === 1;
    if (!(await until(paid, SETTLE_MS, 10))) throw new Error(`order ${id} is not paid`);
  }

  /** Resolves to the order's id when the order is accepted, before its payment. */
  async place(stride?: number): Promise<string> {
    const { headers, body } = this.request(stride);
    const answer = await fetch(`${this.shopUrl}/api/orders`, { method: 'POST', headers, body });
    if (answer.status !== 202) throw new Error(`order: ${answer.status} ${await answer.text()}`);
    const { id } = (await answer.json()) as { id: string };
    return id;
  }

  /** With `stride`, the next products of the list, else any three. */
  private request(stride?: number) {
    const at = stride === undefined ? Math.floor(Math.random() * this.products.length) : stride * this.turn++;
    const steps = stride === undefined ? [0, 7, 19] : [0, 1, 2];
    const lines = steps.map((step) => ({
      productId: this.products[(at + step) % this.products.length]!,
      quantity: 1 + (step % 3),
    }));
    return {
      headers: {
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
        cookie: this.cookies[Math.floor(Math.random() * this.cookies.length)]!,
      },
      body: JSON.stringify({ lines, payment: { method: 'card', token: 'tok_ok' } }),
    };
  }

  private async paid(): Promise<number> {
    const [row] = await this.stores.query<{ paid: number }>(
      'orders',
      `select count(*)::integer as paid from orders where status = 'paid'`,
    );
    return row!.paid;
  }
}
