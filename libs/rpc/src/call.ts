// One call from its start to its end: where it is sent, when another server is asked, and what its caller is told.
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import { AppError, because, fromWireError, InDoubt, refusesNewFields, type WireError } from './errors.js';
import { SerializedJson } from './serialized-json.js';
import type { Balancer, Waiter } from './balancer.js';
import { SLOW_MS, type CallLog } from './call-log.js';
import type { Sent } from './connection.js';
import type { Deadlines, Waiting } from './deadlines.js';
import type { Durations } from './durations.js';
import type { Endpoint } from './endpoint.js';
import { FrameTooLargeError } from './frame-socket.js';
import { isTrouble, type CallMessage, type Refusal, type ReplyMessage } from './messages.js';
import type { RetryBudget } from './retry-budget.js';

const MOST_TRIES = 3;
/** Of a call's time: far more than one takes, and little enough that who waits hardly notices the second try. */
const HEDGE_AFTER = 0.1;
const NOTHING = Buffer.alloc(0);

/** What the calls of one client share. */
export interface CallScope {
  balancer: Balancer;
  deadlines: Deadlines;
  budget: RetryBudget;
  durations: Durations;
  log: CallLog;
}

export type Called = Pick<Procedure, 'service' | 'name' | 'idempotent' | 'deadlineMs'>;

export interface CallRequest {
  rpc: Called;
  input: unknown;
  requestId: string;
  startedAt: number;
  deadlineAt: number;
}

/** A server that was asked and has not answered yet. */
class Asked implements Sent {
  readonly sentAt = performance.now();
  private id = 0;

  constructor(
    private readonly call: Call,
    readonly endpoint: Endpoint,
  ) {}

  /** Throws FrameTooLargeError. */
  send(message: Omit<CallMessage, 'id'>): void {
    this.id = this.endpoint.send(message, this);
  }

  answered(reply: ReplyMessage, body?: Buffer): void {
    this.call.answered(this, reply, body);
  }

  doubted(): void {
    this.call.doubted(this);
  }

  lost(): void {
    this.call.lost(this);
  }

  /** Its answer is not awaited any more; `slow` when that is its fault. */
  forget(slow: boolean): void {
    this.endpoint.outcomes.timeout += 1;
    this.endpoint.forget(this.id, slow);
  }
}

export class Call implements Waiting, Waiter {
  /** One, or two when the first is slow. */
  private readonly asked: Asked[] = [];
  private last: Endpoint | undefined;
  private tries = 0;
  /** Whether a server that was asked became unresponsive. */
  private inDoubt = false;
  /** Servers of an older version, which do not know all fields of the input. */
  private older: Set<Endpoint> | undefined;
  /** When another server is asked too. */
  private hedgeAt: number;

  constructor(
    private readonly scope: CallScope,
    private readonly request: CallRequest,
    private readonly resolve: (answer: unknown) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    const { rpc, startedAt, deadlineAt } = request;
    this.hedgeAt = rpc.idempotent ? startedAt + (deadlineAt - startedAt) * HEDGE_AFTER : Infinity;
    scope.deadlines.add(this);
    scope.budget.earn();
    this.proceed();
  }

  get procedure(): string {
    return this.request.rpc.name;
  }

  get deadlineAt(): number {
    return Math.min(this.hedgeAt, this.request.deadlineAt);
  }

  /** Sends it to another server than before, if need be as soon as one is ready. */
  proceed(): void {
    const { balancer } = this.scope;
    const endpoint = balancer.choose(this.procedure, this.last);
    this.last = undefined;
    if (endpoint) this.send(endpoint);
    else balancer.wait(this);
  }

  private send(endpoint: Endpoint): void {
    const { rpc, input, requestId, deadlineAt } = this.request;
    this.last = endpoint;
    this.tries += 1;
    const asked = new Asked(this, endpoint);
    if (endpoint.isFull) return this.refused(asked, 'overloaded');
    const { sentAt } = asked;
    const left = Math.ceil(deadlineAt - sentAt);
    try {
      asked.send({ call: rpc.name, input, requestId, left, sentAt: Math.floor(sentAt) });
      this.asked.push(asked);
    } catch (error) {
      this.fail(
        error instanceof FrameTooLargeError
          ? new AppError('payload_too_large', `${rpc.name}: ${error.message}`)
          : error,
      );
    }
  }

  answered(by: Asked, reply: ReplyMessage, body: Buffer = NOTHING): void {
    this.noLonger(by);
    if (reply.refused) return this.refused(by, reply.refused);
    by.endpoint.outcomes[reply.error ? 'error' : 'ok'] += 1;
    if (reply.error && refusesNewFields(reply.error)) return this.tooNew(by, reply.error);
    if (reply.error) {
      const mayRetry = this.request.rpc.idempotent && isTrouble(reply);
      return mayRetry && this.hasAnother(2) ? undefined : this.fail(fromWireError(reply.error));
    }
    this.finish();
    this.resolve(reply.etag === undefined ? reply.output : new SerializedJson(body, reply.etag));
  }

  /** The server has not begun, so even what is not idempotent may be tried elsewhere. */
  private refused(by: Asked, refusal: Refusal): void {
    by.endpoint.outcomes.refused += 1;
    if (refusal === 'unknown') return this.unknown(by);
    if (this.hasAnother(refusal === 'overloaded' ? 2 : MOST_TRIES)) return;
    if (refusal === 'overloaded') this.fail(new AppError('overloaded'));
    else this.giveUp();
  }

  /** Costs no try: each server refuses a procedure so only once. */
  private unknown(by: Asked): void {
    this.scope.balancer.lacks(by.endpoint, this.procedure);
    this.tries -= 1;
    if (this.asked.length === 0) this.proceed();
  }

  /** It checks the input before it begins, so that this is a refusal too, and costs no try. */
  private tooNew(by: Asked, error: WireError): void {
    this.older = (this.older ?? new Set()).add(by.endpoint);
    const other = this.scope.balancer.chooseOther(this.procedure, this.older);
    this.tries -= 1;
    if (this.asked.length > 0) return;
    if (other) this.send(other);
    else
      this.fail(
        because(new AppError('unavailable', `${this.request.rpc.service} is of an older version`), error.detail),
      );
  }

  /** The one asked last has become unresponsive. Where a second time would do harm, its answer is still awaited. */
  doubted(by: Asked): void {
    if (this.request.rpc.idempotent && by === this.asked.at(-1)) this.tryAnother(MOST_TRIES);
  }

  /** Another is asked too, and whoever answers first is right. */
  private hedge(): void {
    if (this.asked.length === 1) this.tryAnother(MOST_TRIES);
  }

  /** Perhaps the server did it and could not say so. */
  lost(by: Asked): void {
    this.noLonger(by);
    this.inDoubt = true;
    by.endpoint.outcomes.lost += 1;
    if (this.asked.length > 0) return;
    if (this.request.rpc.idempotent && this.tries < MOST_TRIES && this.scope.budget.spend()) this.proceed();
    else this.giveUp();
  }

  /** Whether another server is at it, was so already or is from now on. */
  private hasAnother(mostTries: number): boolean {
    return this.asked.length > 0 || this.tryAnother(mostTries);
  }

  /** False when it was tried often enough, no other server is ready, or the budget for this is spent. */
  private tryAnother(mostTries: number): boolean {
    const other = this.tries < mostTries && this.scope.balancer.choose(this.procedure, this.last);
    if (!other || !this.scope.budget.spend()) return false;
    this.send(other);
    return true;
  }

  expire(): void {
    const { rpc, deadlineAt } = this.request;
    const isOver = performance.now() >= deadlineAt;
    if (isOver && this.tries === 0) return this.giveUp();
    if (isOver) return this.fail(new AppError('unavailable', `${rpc.service} did not answer in time`));
    this.hedgeAt = Infinity;
    this.scope.deadlines.add(this);
    // When it was this process that stood still, the answer is there and only has to be read.
    setImmediate(() => this.hedge());
  }

  giveUp(): void {
    const { service, name } = this.request.rpc;
    const { lastError: cause } = this.scope.balancer;
    if (this.scope.balancer.isUnknown(name))
      this.fail(new AppError('unavailable', `${service} does not know ${name} yet`));
    else this.fail(because(new AppError('unavailable', `${service} cannot be reached`), cause));
  }

  private fail(error: unknown): void {
    this.finish(error);
    this.reject(this.inDoubt && error instanceof AppError && error.status === 503 ? new InDoubt(error) : error);
  }

  private noLonger(asked: Asked): void {
    const at = this.asked.indexOf(asked);
    if (at >= 0) this.asked.splice(at, 1);
  }

  private finish(error?: unknown): void {
    const { rpc, requestId, startedAt } = this.request;
    const now = performance.now();
    if (error !== undefined || now - startedAt > SLOW_MS)
      this.scope.log.ended({ rpc, requestId, durationMs: now - startedAt, error });
    this.scope.deadlines.delete(this);
    this.scope.balancer.stopWaiting(this);
    this.scope.durations.observe(now - startedAt);
    // A caller that came with little time left cannot blame a server, nor one that was asked late.
    for (const asked of this.asked.splice(0)) asked.forget(now - asked.sentAt > rpc.deadlineMs / 2);
  }
}
