// A client that retries, under the same key, until it gets a definite answer.
import { setTimeout } from 'node:timers/promises';
import type { Answer, Shopper } from './shopper.js';

/** Responses during an outage. A 500 would be a bug. */
const unanswered = new Set([429, 502, 503, 504]);

export async function patiently(shopper: Shopper, ask: () => Promise<Answer>, withinMs = 60_000): Promise<Answer> {
  const until = performance.now() + withinMs;
  for (;;) {
    const answer = await ask().catch((error: Error) => error);
    // Sessions are in Redis, which loses its last second when it is killed.
    if (!(answer instanceof Error) && answer.status === 401) await shopper.logIn().catch(() => undefined);
    else if (!(answer instanceof Error) && !unanswered.has(answer.status)) return answer;
    if (performance.now() > until)
      throw new Error(`no answer in ${withinMs} ms`, { cause: answer instanceof Error ? answer : answer.body });
    await setTimeout(100);
  }
}

/** Retries until the order is final. */
export async function patientlySettled(shopper: Shopper, orderId: string, withinMs = 60_000): Promise<Answer['body']> {
  const until = performance.now() + withinMs;
  for (;;) {
    const { body } = await patiently(shopper, () => shopper.get(`/api/orders/${orderId}`), until - performance.now());
    if (body.status !== 'new' && body.status !== 'pending') return body;
    if (performance.now() > until) throw new Error(`order ${orderId} still is ${body.status}`);
    await setTimeout(100);
  }
}
