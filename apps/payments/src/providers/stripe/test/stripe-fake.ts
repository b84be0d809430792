// A fake of Stripe over HTTP. Unlike stripe-mock it keeps state (intents, refunds, idempotency keys) and has faults.
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

interface Intent {
  id: string;
  object: 'payment_intent';
  amount: number;
  status: string;
  metadata: Record<string, string>;
  created: number;
  last_payment_error: { code: string; decline_code?: string } | null;
  /** The first state of refunds to its card. */
  refunds?: Pick<Refund, 'status' | 'failure_reason'> | undefined;
}
interface Refund {
  id: string;
  payment_intent: string;
  amount: number;
  status: string;
  failure_reason?: string;
  metadata: Record<string, string>;
}
interface Answer {
  status: number;
  body: unknown;
}
/**
 * before: the request is lost; after: the request is processed and its answer is lost; fails: the request is processed and
 * answered with 500; broken: the request is not processed and answered with 500.
 */
type Fault = 'before' | 'after' | 'fails' | 'broken';

const WEBHOOK_SECRET = 'whsec_test';

export async function startStripeFake() {
  const intents = new Map<string, Intent>();
  const refunds = new Map<string, Refund>();
  const keys = new Map<string, { request: string; answer: Answer }>();
  const calls: string[] = [];
  const faults: { path: string; fault: Fault; times: number }[] = [];
  const sockets = new Set<Socket>();

  const refundsOfIntent = (id: string) => [...refunds.values()].filter(({ payment_intent }) => payment_intent === id);
  const refundedOf = (id: string) =>
    refundsOfIntent(id).reduce((cents, { amount, status }) => cents + (status === 'failed' ? 0 : amount), 0);
  const refundsOf = (orderId: string) =>
    [...refunds.values()].filter(({ metadata }) => metadata['orderId'] === orderId);
  const withCharge = (intent: Intent) => {
    if (intent.status !== 'succeeded') return { ...intent, amount_received: 0, latest_charge: null };
    const charge = { id: `ch_of_${intent.id}`, object: 'charge', amount_refunded: refundedOf(intent.id) };
    return { ...intent, amount_received: intent.amount, latest_charge: charge };
  };

  function work(method: string, path: string, params: URLSearchParams): Answer {
    const [, , kind, id, verb] = path.split('/');
    const metadata = {
      ...(params.get('metadata[orderId]') && { orderId: params.get('metadata[orderId]')! }),
      ...(params.get('metadata[refundId]') && { refundId: params.get('metadata[refundId]')! }),
    };
    if (kind === 'payment_methods') {
      const token = params.get('card[token]')!;
      if (!cards[token]) return refusal(400, 'resource_missing', { param: 'card[token]' });
      return { status: 200, body: { id: `pm_of_${token}`, object: 'payment_method' } };
    }
    if (kind === 'refunds' && method === 'GET') {
      return pageOf(refundsOfIntent(params.get('payment_intent')!), params);
    }
    if (kind === 'refunds') {
      const payment_intent = params.get('payment_intent')!;
      const intent = intents.get(payment_intent);
      const amount = Number(params.get('amount'));
      const sum = amount + refundedOf(payment_intent);
      if (intent?.status !== 'succeeded' || sum > intent.amount) return refusal(400, 'charge_already_refunded');
      const id = `re_${randomUUID()}`;
      const refund: Refund = { id, payment_intent, amount, status: 'succeeded', metadata, ...intent.refunds };
      refunds.set(refund.id, refund);
      return { status: 200, body: { ...refund } };
    }
    if (method === 'GET' && !id) {
      const since = Number(params.get('created[gte]'));
      const found = [...intents.values()].reverse().filter(({ created }) => created >= since);
      return pageOf(params.get('expand[0]') === 'data.latest_charge' ? found.map(withCharge) : found, params);
    }
    if (id) {
      const intent = intents.get(id);
      if (!intent) return refusal(404, 'resource_missing');
      if (verb === 'cancel') {
        if (['succeeded', 'canceled'].includes(intent.status)) return refusal(400, 'payment_intent_unexpected_state');
        intent.status = 'canceled';
      }
      return { status: 200, body: { ...intent } };
    }
    const intent: Intent = {
      id: `pi_${randomUUID()}`,
      object: 'payment_intent',
      metadata,
      amount: Number(params.get('amount')),
      created: Math.floor(Date.now() / 1000),
      status: 'requires_payment_method',
      last_payment_error: null,
    };
    if (params.get('confirm') !== 'true') {
      intents.set(intent.id, intent);
      return { status: 200, body: { ...intent } };
    }
    const card = cards[params.get('payment_method')!.replace('pm_of_', '')];
    if (!card) return refusal(400, 'resource_missing', { param: 'payment_method' });
    intents.set(intent.id, intent);
    Object.assign(intent, card);
    intent.refunds = refundsTo[params.get('payment_method')!];
    if (!intent.last_payment_error) return { status: 200, body: { ...intent } };
    return {
      status: 402,
      body: { error: { type: 'card_error', ...intent.last_payment_error, payment_intent: intent } },
    };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://stripe');
    const body = await text(request);
    const { method = '' } = request;
    const call = `${method} ${pathname.replace(/\/pi_[^/]+/, '/:id')}`;
    calls.push(call);
    const fault = faults.find(({ path, times }) => path === call && times > 0);
    if (fault) fault.times -= 1;
    if (fault?.fault === 'before') return void request.socket.destroy();
    const key = request.headers['idempotency-key'] as string | undefined;
    const known = key === undefined ? undefined : keys.get(key);
    let answer: Answer;
    if (known && known.request !== `${pathname} ${body}`) {
      answer = { status: 400, body: { error: { type: 'idempotency_error', message: 'other parameters' } } };
    } else if (known) {
      response.setHeader('idempotent-replayed', 'true');
      answer = known.answer;
    } else {
      answer = { status: 500, body: { error: { type: 'api_error', message: 'oops' } } };
      if (fault?.fault !== 'broken') {
        const worked = work(method, pathname, method === 'GET' ? searchParams : new URLSearchParams(body));
        if (fault?.fault !== 'fails') answer = worked;
      }
      // Requests that are refused as invalid are not remembered.
      if (key && method === 'POST' && (answer.status === 200 || answer.status === 402 || answer.status === 500))
        keys.set(key, { request: `${pathname} ${body}`, answer: structuredClone(answer) });
    }
    if (fault?.fault === 'after') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  }

  const server = createServer((request, response) => void serve(request, response));
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return {
    calls,
    keys,
    env: {
      PAYMENT_PROVIDER: 'stripe',
      STRIPE_SECRET_KEY: 'sk_test_fake',
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_URL: `http://127.0.0.1:${port}`,
    },
    intentsOf: (orderId: string) => [...intents.values()].filter(({ metadata }) => metadata['orderId'] === orderId),
    refundsOf,
    /** Changes the state of an order's refunds. */
    refundsBecome(orderId: string, status: string, failure_reason?: string): void {
      for (const refund of refundsOf(orderId)) Object.assign(refund, { status, failure_reason });
    },
    /** Applies a fault to the next `times` requests to this path. */
    fault: (fault: Fault, path: string, times = 1) => void faults.push({ fault, path, times }),
    goAway: close,
    async comeBack() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    stop: () => (server.listening ? close() : Promise.resolve()),
  };
}
export type StripeFake = Awaited<ReturnType<typeof startStripeFake>>;

/** How confirming an intent with this card ends. Other cards do not exist. */
const cards: Record<string, Partial<Intent>> = {
  tok_visa: { status: 'succeeded' },
  pm_card_visa: { status: 'succeeded' },
  pm_card_pendingRefund: { status: 'succeeded' },
  pm_card_refundFail: { status: 'succeeded' },
  tok_chargeDeclined: { last_payment_error: { code: 'card_declined', decline_code: 'generic_decline' } },
  pm_card_authenticationRequired: {
    last_payment_error: { code: 'authentication_required', decline_code: 'authentication_required' },
  },
  pm_card_threeDSecure: { status: 'requires_action' },
};

/** The first state of refunds; refunds to other cards succeed at once. At Stripe pm_card_refundFail fails a moment later. */
const refundsTo: Record<string, Pick<Refund, 'status' | 'failure_reason'>> = {
  pm_card_pendingRefund: { status: 'pending' },
  pm_card_refundFail: { status: 'failed', failure_reason: 'expired_or_canceled_card' },
};

function pageOf(all: { id: string }[], params: URLSearchParams): Answer {
  const start = all.findIndex(({ id }) => id === params.get('starting_after')) + 1;
  const end = start + Number(params.get('limit') ?? 10);
  return { status: 200, body: { object: 'list', data: all.slice(start, end), has_more: end < all.length, url: '/' } };
}

function refusal(status: number, code: string, about: object = {}): Answer {
  return { status, body: { error: { type: 'invalid_request_error', code, message: code, ...about } } };
}

/** An event as Stripe sends it, with its signature. */
export function stripeEvent(type: string, orderId: string | undefined, { id = `evt_${randomUUID()}`, age = 0 } = {}) {
  const about = type.includes('refund') ? { id: 're_1', object: 'refund' } : { id: 'pi_1', object: 'payment_intent' };
  const object = { ...about, metadata: orderId === undefined ? {} : { orderId } };
  const body = JSON.stringify({ id, object: 'event', type, data: { object } });
  const time = Math.floor(Date.now() / 1000) - age;
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${time}.${body}`).digest('hex');
  return { body, signature: `t=${time},v1=${signature}` };
}
