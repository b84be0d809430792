// A simulated browser: its cookies, its cache of ETags, and the tags by which results are grouped.
import { check } from 'k6';
import http, { type Params, type RefinedResponse } from 'k6/http';
import { Counter, Rate } from 'k6/metrics';

export const target = (__ENV['TARGET'] || 'http://127.0.0.1:3000').replace(/\/$/, '');

/** Cacheable responses: whether the edge served them without waiting for a gateway. */
const edgeCopies = new Rate('edge_copies');
/** Public pages: whether the browser's copy was still valid (304). */
const browserCopies = new Rate('browser_copies');
const rateLimited = new Counter('rate_limited');

/** Cookies by name. */
export type Cookies = Record<string, string>;

type Answer = RefinedResponse<'text'>;

/** Values of X-Cache for responses that waited for a gateway. */
const asked = new Set(['MISS', 'EXPIRED', 'REVALIDATED', 'BYPASS']);

/** Wrong responses shown so far by this virtual user. */
let shown = 0;
const MAX_SHOWN = 3;

export class Visitor {
  /** ETags by path. */
  private readonly copies = new Map<string, string>();
  private readonly flow: string;
  private readonly jar: http.CookieJar;

  constructor(flow: string, jar = new http.CookieJar()) {
    this.flow = flow;
    this.jar = jar;
  }

  /** The same browser session, with requests counted under another flow. */
  as(flow: string): Visitor {
    return new Visitor(flow, this.jar);
  }

  /** Requests a public page, conditionally when a copy exists. */
  view(path: string, route: string): Answer {
    const copy = this.copies.get(path);
    const answer = this.send('GET', path, route, undefined, copy === undefined ? {} : { 'if-none-match': copy });
    const etag = answer.headers['Etag'];
    if (answer.status === 200 && etag) this.copies.set(path, etag);
    browserCopies.add(answer.status === 304, { flow: this.flow });
    return answer;
  }

  /** `route` groups requests, so that results are summed over all products and orders. */
  send(method: string, path: string, route: string, body?: unknown, headers: Record<string, string> = {}): Answer {
    const json = body !== undefined && !(body instanceof ArrayBuffer);
    const params: Params & { responseType: 'text' } = {
      jar: this.jar,
      responseType: 'text',
      headers: json ? { 'content-type': 'application/json', ...headers } : headers,
      tags: { flow: this.flow, name: route },
      timeout: '20s',
    };
    const answer = http.request(method, target + path, json ? JSON.stringify(body) : (body as ArrayBuffer), params);
    const cache = answer.headers['X-Cache'];
    if (cache) edgeCopies.add(!asked.has(cache), { flow: this.flow });
    if (answer.status === 429) rateLimited.add(1);
    return answer;
  }

  /** Records whether the response is correct. With another status, `right` is not evaluated. */
  finds(answer: Answer, what: string, status: number, right: (answer: Answer) => boolean = () => true): boolean {
    if (answer.error === 'context canceled') return false; // k6 ended the test meanwhile
    const found = check(answer, { [what]: () => answer.status === status && right(answer) }, { flow: this.flow });
    if (!found && shown++ < MAX_SHOWN) {
      const words = answer.error || String(answer.body).slice(0, 300);
      console.warn(`failed: ${what}: ${answer.request.method} ${answer.url}: ${answer.status} ${words}`);
    }
    return found;
  }

  /** Continues an existing session. */
  resume(cookies: Cookies): void {
    for (const [name, value] of Object.entries(cookies)) this.jar.set(target, name, value);
  }

  cookies(): Cookies {
    const all = Object.entries(this.jar.cookiesForURL(target));
    return Object.fromEntries(all.map(([name, values]) => [name, values[0]!]));
  }

  /** Registers a new customer, who is then logged in. */
  register(): { id: string; email: string; password: string } {
    const email = `load-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}@shop.test`;
    const password = 'a long enough password';
    const registering = { email, password, name: 'Load Test' };
    // Not counted for the flow, because customers register only once.
    const answer = this.as('setup').send('POST', '/api/customers', 'POST /api/customers', registering);
    this.finds(answer, 'a new customer can register', 201);
    return { id: String(answer.json('customer.id')), email, password };
  }
}
