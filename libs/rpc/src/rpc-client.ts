// Calls one service at all of its addresses.
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { ReplicaState } from '@shop/contracts/staff';
import { Balancer } from './balancer.js';
import { CallLog, type WarningLog } from './call-log.js';
import { Call, type Called, type CallScope } from './call.js';
import { currentContext, newRequestId } from './context.js';
import { Deadlines } from './deadlines.js';
import { Durations } from './durations.js';
import { AppError } from './errors.js';
import type { FrameLimits } from './frame-socket.js';
import { Resolver, type Lookup } from './resolver.js';
import { RetryBudget } from './retry-budget.js';
import { clientSources } from './rpc-metrics.js';
import type { StrategyName } from './strategies.js';

const DEFAULT_DEADLINE_MS = 5000;

export interface RpcClientOptions extends Partial<FrameLimits> {
  service: string;
  /** `host:port,host:port` */
  addresses: string;
  strategy?: StrategyName;
  lookup?: Lookup;
  log?: WarningLog;
}

export interface Replica {
  /** `host:port` */
  address: string;
  state: ReplicaState;
}

/** Connects with its first call, and then stays connected to every server of the service. */
export class RpcClient extends ClientProxy {
  readonly service: string;
  readonly balancer: Balancer;
  readonly durations = new Durations();
  private readonly resolver: Resolver;
  private readonly scope: CallScope;
  private started = false;

  constructor(options: RpcClientOptions) {
    super();
    this.service = options.service;
    const balancer = new Balancer(options.strategy ?? 'least-outstanding', options);
    this.balancer = balancer;
    this.resolver = new Resolver(options.addresses, (addresses) => balancer.update(addresses), options.lookup);
    this.scope = {
      balancer,
      deadlines: new Deadlines(),
      budget: new RetryBudget(),
      durations: this.durations,
      log: new CallLog('caller', options.log),
    };
  }

  /**
   * Rejects with the AppError the procedure refused with, with `overloaded`, or with `unavailable` when no server answered
   * in time, whether or not one executed the call; with InDoubt when one may still execute it.
   */
  call(rpc: Called, input: unknown): Promise<unknown> {
    if (!this.started) void this.connect();
    const context = currentContext();
    const startedAt = performance.now();
    const deadlineAt = Math.min(startedAt + rpc.deadlineMs, context?.deadlineAt ?? Infinity);
    if (deadlineAt <= startedAt) return Promise.reject(new AppError('unavailable', 'No time was left for the call'));
    const requestId = context?.requestId ?? newRequestId();
    return new Promise((resolve, reject) => {
      new Call(this.scope, { rpc, input, requestId, startedAt, deadlineAt }, resolve, reject);
    });
  }

  /** Every known server with its state. */
  replicas(): Replica[] {
    return Array.from(this.balancer.all, ({ name, state, isEjected }) => ({
      address: name,
      state: isEjected ? 'ejected' : (state as ReplicaState),
    }));
  }

  override async connect(): Promise<void> {
    if (this.started) return;
    this.started = true;
    clientSources.add(this);
    await this.resolver.refresh();
  }

  override close(): void {
    clientSources.delete(this);
    this.resolver.stop();
    this.balancer.close();
  }

  override unwrap<T>(): T {
    return this.balancer as T;
  }

  /** For Nest's `send()`, which knows no contract: such a call counts as not idempotent. */
  protected override publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const rpc = { service: this.service, name: String(pattern), idempotent: false, deadlineMs: DEFAULT_DEADLINE_MS };
    this.call(rpc, data).then(
      (response) => callback({ response, isDisposed: true }),
      (err: unknown) => callback({ err }),
    );
    return () => undefined;
  }

  protected override dispatchEvent(): Promise<never> {
    return Promise.reject(new Error('RPC has no events: enqueue a job.'));
  }
}
