// Somebody with a browser: a session of his own, copies of what he has seen, and the tags that results are told apart by.
import { check } from 'k6';
import http, { type Params, type RefinedResponse } from 'k6/http';
import { Counter, Rate } from 'k6/metrics';

export const target = (__ENV['TARGET'] || 'http://127.0.0.1:3000').replace(/\/$/, '');

/** Of answers that the edge may keep: those it gave without waiting for a gateway. */
const edgeCopies = new Rate('edge_copies');
/** Of pages that are the same for everybody: those that the visitor's own copy was still right for (304). */
const browserCopies = new Rate('browser_copies');
const rateLimited = new Counter('rate_limited');

/** By name. */
export type Cookies = Record<string, string>;

type Answer = RefinedResponse<'text'>;

/** What the edge says when it asked nobody, or did not wait for the answer. */
const asked = new Set(['MISS', 'EXPIRED', 'REVALIDATED', 'BYPASS']);

/** Wrong answers that are shown, per virtual user; the first ones tell enough. */
let shown = 0;
const MOST_SHOWN = 3;

export class Visitor {
  /** ETags by address. */
  private readonly copies = new Map<string, string>();
  private readonly flow: string;
  private readonly jar: http.CookieJar;

  constructor(flow: string, jar = new http.CookieJar()) {
    this.flow = flow;
    this.jar = jar;
  }

  /** The same person, whose requests count as something else from here on. */
  as(flow: string): Visitor {
    return new Visitor(flow, this.jar);
  }

  /** A page that is the same for everybody. 304 when the copy is still right. */
  view(path: string, route: string): Answer {
    const copy = this.copies.get(path);
    const answer = this.send('GET', path, route, undefined, copy === undefined ? {} : { 'if-none-match': copy });
    const etag = answer.headers['Etag'];
    if (answer.status === 200 && etag) this.copies.set(path, etag);
    browserCopies.add(answer.status === 304, { flow: this.flow });
    return answer;
  }

  /** `route` names the kind of request, so that results are summed over all products and orders. */
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

  /** Counts whether the answer is what it should be; in an answer of another status nothing is looked for. */
  finds(answer: Answer, what: string, status: number, right: (answer: Answer) => boolean = () => true): boolean {
    if (answer.error === 'context canceled') return false; // k6 ended the test meanwhile
    const found = check(answer, { [what]: () => answer.status === status && right(answer) }, { flow: this.flow });
    if (!found && shown++ < MOST_SHOWN) {
      const words = answer.error || String(answer.body).slice(0, 300);
      console.warn(`not true: ${what}: ${answer.request.method} ${answer.url}: ${answer.status} ${words}`);
    }
    return found;
  }

  /** Somebody who has been here before. */
  come(cookies: Cookies): void {
    for (const [name, value] of Object.entries(cookies)) this.jar.set(target, name, value);
  }

  cookies(): Cookies {
    const all = Object.entries(this.jar.cookiesForURL(target));
    return Object.fromEntries(all.map(([name, values]) => [name, values[0]!]));
  }

  /** A customer of his own, logged in. */
  register(): { id: string; email: string; password: string } {
    const email = `load-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}@shop.test`;
    const password = 'a long enough password';
    const registering = { email, password, name: 'Load Test' };
    // Not what the flow is measured by: whoever logs in every day registered once.
    const answer = this.as('setup').send('POST', '/api/customers', 'POST /api/customers', registering);
    this.finds(answer, 'a new customer is welcome', 201);
    return { id: String(answer.json('customer.id')), email, password };
  }
}
