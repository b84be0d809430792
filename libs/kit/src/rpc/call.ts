// One call from its start to its end: where it is sent, when it is tried again, and what its caller is told.
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import { AppError, fromWireError } from '../errors.js';
import { ReadyJson } from '../ready-json.js';
import type { Balancer, Waiter } from './balancer.js';
import type { Sent } from './connection.js';
import type { Deadlines, Waiting } from './deadlines.js';
import type { Endpoint } from './endpoint.js';
import { FrameTooLargeError } from './frame-socket.js';
import { isTrouble, type Refusal, type ReplyMessage } from './messages.js';
import type { RetryBudget } from './retry-budget.js';
import type { Durations } from './rpc-metrics.js';

const MOST_TRIES = 3;
const NOTHING = Buffer.alloc(0);

/** What the calls of one client share. */
export interface CallScope {
  balancer: Balancer;
  deadlines: Deadlines;
  budget: RetryBudget;
  durations: Durations;
}

export type Called = Pick<Procedure, 'service' | 'name' | 'idempotent' | 'deadlineMs'>;

export interface CallRequest {
  rpc: Called;
  input: unknown;
  requestId: string;
  startedAt: number;
  deadlineAt: number;
}

export class Call implements Sent, Waiting, Waiter {
  private endpoint: Endpoint | undefined;
  private id = 0;
  private sentAt = 0;
  private tries = 0;

  constructor(
    private readonly scope: CallScope,
    private readonly request: CallRequest,
    private readonly resolve: (answer: unknown) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    scope.deadlines.add(this);
    scope.budget.earn();
    this.proceed();
  }

  get deadlineAt(): number {
    return this.request.deadlineAt;
  }

  /** Sends it to another server than before, if need be as soon as one is ready. */
  proceed(): void {
    const { balancer } = this.scope;
    const endpoint = balancer.choose(this.endpoint);
    this.endpoint = undefined;
    if (endpoint) this.send(endpoint);
    else balancer.wait(this);
  }

  private send(endpoint: Endpoint): void {
    const { rpc, input, requestId, deadlineAt } = this.request;
    this.endpoint = endpoint;
    this.tries += 1;
    if (endpoint.isFull) return this.refused('overloaded');
    this.sentAt = performance.now();
    const left = Math.ceil(deadlineAt - this.sentAt);
    try {
      this.id = endpoint.send({ call: rpc.name, input, requestId, left, sentAt: Math.floor(this.sentAt) }, this);
    } catch (error) {
      this.fail(
        error instanceof FrameTooLargeError
          ? new AppError('payload_too_large', `${rpc.name}: ${error.message}`)
          : error,
      );
    }
  }

  answered(reply: ReplyMessage, body = NOTHING): void {
    if (reply.refused) return this.refused(reply.refused);
    this.endpoint!.outcomes[reply.error ? 'error' : 'ok'] += 1;
    if (reply.error) {
      const mayRetry = this.request.rpc.idempotent && isTrouble(reply);
      return mayRetry && this.tryAnother(2) ? undefined : this.fail(fromWireError(reply.error));
    }
    this.finish();
    this.resolve(reply.etag === undefined ? reply.output : new ReadyJson(body, reply.etag));
  }

  /** The server has not begun, so even what is not idempotent may be tried elsewhere. */
  private refused(refusal: Refusal): void {
    this.endpoint!.outcomes.refused += 1;
    if (this.tryAnother(refusal === 'overloaded' ? 2 : MOST_TRIES)) return;
    if (refusal === 'overloaded') this.fail(new AppError('overloaded'));
    else this.giveUp();
  }

  /** False when it was tried often enough, no other server is ready, or the budget for this is spent. */
  private tryAnother(mostTries: number): boolean {
    const other = this.tries < mostTries && this.scope.balancer.choose(this.endpoint);
    if (!other || !this.scope.budget.spend()) return false;
    this.send(other);
    return true;
  }

  /** Another server may answer sooner; where a second time would do harm, the answer is still awaited. */
  doubted(): void {
    const { id } = this;
    const endpoint = this.endpoint!;
    if (!this.request.rpc.idempotent || !this.tryAnother(MOST_TRIES)) return;
    endpoint.outcomes.timeout += 1;
    endpoint.forget(id, false);
  }

  /** Perhaps the server did it and could not say so. */
  lost(): void {
    this.endpoint!.outcomes.lost += 1;
    if (this.request.rpc.idempotent && this.tries < MOST_TRIES && this.scope.budget.spend()) this.proceed();
    else this.giveUp();
  }

  expire(): void {
    const { rpc, deadlineAt } = this.request;
    if (this.endpoint) {
      this.endpoint.outcomes.timeout += 1;
      // A caller that came with little time left cannot blame the server.
      this.endpoint.forget(this.id, deadlineAt - this.sentAt > rpc.deadlineMs / 2);
    }
    this.fail(new AppError('unavailable', `${rpc.service} did not answer in time`));
  }

  giveUp(): void {
    this.fail(new AppError('unavailable', `${this.request.rpc.service} cannot be reached`));
  }

  private fail(error: unknown): void {
    this.finish();
    this.reject(error);
  }

  private finish(): void {
    this.scope.deadlines.delete(this);
    this.scope.balancer.stopWaiting(this);
    this.scope.durations.observe(performance.now() - this.request.startedAt);
  }
}
