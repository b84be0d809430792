// A client of the public HTTP API: keeps its cookie, sends and reads JSON.
import { randomBytes } from 'node:crypto';

export interface Answer {
  status: number;
  headers: Headers;
  // Journeys read what the contract guarantees; a wrong shape shows in their expectations.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export class Shopper {
  /** Session cookie. */
  cookie: string | undefined;

  /** Set by register(). */
  customerId = '';

  constructor(
    private readonly baseUrl: string,
    private credentials?: { email: string; password: string },
  ) {}

  /** The member of staff of the demo data, to be logged in. */
  static asStaff(baseUrl: string): Shopper {
    return new Shopper(baseUrl, { email: 'staff@shop.test', password: 'staff-password' });
  }

  /** The same session at another gateway. */
  at(baseUrl: string): Shopper {
    return Object.assign(new Shopper(baseUrl, this.credentials), { cookie: this.cookie, customerId: this.customerId });
  }

  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    if (body === undefined) return this.sendBytes(method, path, null, headers);
    return this.sendBytes(method, path, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
  }

  private async sendBytes(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | null,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const response = await fetch(new URL(path, this.baseUrl), {
      method,
      headers: { ...(this.cookie === undefined ? {} : { cookie: this.cookie }), ...headers },
      body,
      redirect: 'manual',
    });
    const set = response.headers.getSetCookie()[0];
    if (set !== undefined) this.cookie = set.split(';')[0];
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  async register(): Promise<{ email: string; password: string }> {
    const email = `shopper-${randomBytes(6).toString('hex')}@shop.test`;
    const password = 'a long enough password';
    const answer = await this.send('POST', '/api/customers', { email, password, name: 'Sam Shopper' });
    if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${JSON.stringify(answer.body)}`);
    this.credentials = { email, password };
    this.customerId = answer.body.customer.id;
    return this.credentials;
  }

  /** With the credentials of the registration or of the constructor. */
  logIn(): Promise<Answer> {
    return this.send('POST', '/api/session', this.credentials);
  }

  order(body: object, idempotencyKey = randomBytes(12).toString('hex')): Promise<Answer> {
    return this.send('POST', '/api/orders', body, { 'idempotency-key': idempotencyKey });
  }

  /** Uploads an image of a product, as staff. */
  addImage(product: string, bytes: Uint8Array): Promise<Answer> {
    return this.sendBytes('POST', `/api/products/${product}/images`, new Uint8Array(bytes), {});
  }

  /** Reads the events of an order to their end. */
  async follow(orderId: string, lastEventId = 0): Promise<string> {
    const headers = { cookie: this.cookie ?? '', 'last-event-id': String(lastEventId) };
    return (await fetch(new URL(`/api/orders/${orderId}/events`, this.baseUrl), { headers })).text();
  }

  /** Polls until the order is final, and returns it. */
  async settled(orderId: string, withinMs = 15_000): Promise<Answer['body']> {
    const until = Date.now() + withinMs;
    for (;;) {
      const { body } = await this.get(`/api/orders/${orderId}`);
      if (!['new', 'pending'].includes(body.status)) return body;
      if (Date.now() > until) throw new Error(`order ${orderId} is still ${body.status}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
