// One call from start to end: which server it is sent to, when it is retried or hedged, and how it settles.
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import type { Balancer, Waiter } from './balancer.js';
import { SLOW_MS, type CallLog } from './call-log.js';
import type { Sent } from './connection.js';
import type { Deadlines, Waiting } from './deadlines.js';
import type { Durations } from './durations.js';
import type { Endpoint } from './endpoint.js';
import { AppError, because, fromWireError, InDoubt, refusesNewFields, type WireError } from './errors.js';
import { FrameTooLargeError } from './frame-socket.js';
import { isTrouble, type CallMessage, type Refusal, type ReplyMessage } from './messages.js';
import type { RetryBudget } from './retry-budget.js';
import { SerializedJson } from './serialized-json.js';

const MAX_TRIES = 3;
/** Part of a call's time after which it is hedged: far longer than a normal answer takes, yet hardly noticed by a user. */
const HEDGE_AFTER = 0.1;
const EMPTY = Buffer.alloc(0);

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

/** A try of a call: sent to one server and not answered yet. */
class Try implements Sent {
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

  /** The answer is not awaited any more; `slow` when the server took too long. */
  forget(slow: boolean): void {
    this.endpoint.outcomes.timeout += 1;
    this.endpoint.forget(this.id, slow);
  }
}

export class Call implements Waiting, Waiter {
  /** One, or two when the call is hedged. */
  private readonly pending: Try[] = [];
  private last: Endpoint | undefined;
  private tries = 0;
  /** Whether a try was lost with its connection, so that the server may have executed it. */
  private inDoubt = false;
  /** Servers of an older version that do not know all fields of the input. */
  private older: Set<Endpoint> | undefined;
  /** When the call is sent to a second server. */
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

  /** Sends the call to another server than before, or waits until one is ready. */
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
    const one = new Try(this, endpoint);
    if (endpoint.isFull) return this.refused(one, 'overloaded');
    const { sentAt } = one;
    const left = Math.ceil(deadlineAt - sentAt);
    try {
      one.send({ call: rpc.name, input, requestId, left, sentAt: Math.floor(sentAt) });
      this.pending.push(one);
    } catch (error) {
      this.fail(
        error instanceof FrameTooLargeError
          ? new AppError('payload_too_large', `${rpc.name}: ${error.message}`)
          : error,
      );
    }
  }

  answered(by: Try, reply: ReplyMessage, body: Buffer = EMPTY): void {
    this.settled(by);
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

  /** The server has not begun, so a call that is not idempotent may be retried too. */
  private refused(by: Try, refusal: Refusal): void {
    by.endpoint.outcomes.refused += 1;
    if (refusal === 'unknown') return this.unknown(by);
    if (this.hasAnother(refusal === 'overloaded' ? 2 : MAX_TRIES)) return;
    if (refusal === 'overloaded') this.fail(new AppError('overloaded'));
    else this.giveUp();
  }

  /** Does not count as a try: a server refuses a procedure as unknown only once. */
  private unknown(by: Try): void {
    this.scope.balancer.lacks(by.endpoint, this.procedure);
    this.tries -= 1;
    if (this.pending.length === 0) this.proceed();
  }

  /** Inputs are checked before the handler runs, so the call may be retried; this does not count as a try. */
  private tooNew(by: Try, error: WireError): void {
    this.older = (this.older ?? new Set()).add(by.endpoint);
    const other = this.scope.balancer.chooseOther(this.procedure, this.older);
    this.tries -= 1;
    if (this.pending.length > 0) return;
    if (other) this.send(other);
    else
      this.fail(
        because(new AppError('unavailable', `${this.request.rpc.service} is of an older version`), error.detail),
      );
  }

  /** An idempotent call is sent to another server too; any other call waits for the unresponsive one. */
  doubted(by: Try): void {
    if (this.request.rpc.idempotent && by === this.pending.at(-1)) this.tryAnother(MAX_TRIES);
  }

  /** Sends the call to a second server; the first answer counts. */
  private hedge(): void {
    if (this.pending.length === 1) this.tryAnother(MAX_TRIES);
  }

  /** The connection ended; the server may have executed the call. */
  lost(by: Try): void {
    this.settled(by);
    this.inDoubt = true;
    by.endpoint.outcomes.lost += 1;
    if (this.pending.length > 0) return;
    if (this.request.rpc.idempotent && this.tries < MAX_TRIES && this.scope.budget.spend()) this.proceed();
    else this.giveUp();
  }

  /** Whether another try is under way, already or from now on. */
  private hasAnother(maxTries: number): boolean {
    return this.pending.length > 0 || this.tryAnother(maxTries);
  }

  /** False when the tries or the retry budget are used up, or no other server is ready. */
  private tryAnother(maxTries: number): boolean {
    const other = this.tries < maxTries && this.scope.balancer.choose(this.procedure, this.last);
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
    // If this process was stopped, the answer may have arrived and only needs to be read first.
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

  private settled(one: Try): void {
    const at = this.pending.indexOf(one);
    if (at >= 0) this.pending.splice(at, 1);
  }

  private finish(error?: unknown): void {
    const { rpc, requestId, startedAt } = this.request;
    const now = performance.now();
    if (error !== undefined || now - startedAt > SLOW_MS)
      this.scope.log.ended({ rpc, requestId, durationMs: now - startedAt, error });
    this.scope.deadlines.delete(this);
    this.scope.balancer.stopWaiting(this);
    this.scope.durations.observe(now - startedAt);
    // A server is not to blame for a call that had little time left when it was sent.
    for (const one of this.pending.splice(0)) one.forget(now - one.sentAt > rpc.deadlineMs / 2);
  }
}
