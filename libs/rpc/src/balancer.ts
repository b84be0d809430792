// The servers of one service as a caller sees them.
import { Endpoint } from './endpoint.js';
import type { FrameLimits } from './frame-socket.js';
import type { Address } from './resolver.js';
import { strategies, type Choose, type StrategyName } from './strategies.js';

/** A call for which no server is ready. */
export interface Waiter {
  readonly procedure: string;
  proceed(): void;
  giveUp(): void;
}

export class Balancer {
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly waiters = new Set<Waiter>();
  private readonly pick: Choose;
  private ready: Endpoint[] = [];
  private resolved = false;
  /** Whether a server is of a version that lacks a procedure, as while versions change. */
  private someLack = false;

  constructor(
    strategy: StrategyName,
    private readonly limits: Partial<FrameLimits>,
  ) {
    this.pick = strategies[strategy]();
  }

  get all(): Iterable<Endpoint> {
    return this.endpoints.values();
  }

  /** Connects to what is new, lets go of what is no longer there. */
  update(addresses: readonly Address[]): void {
    this.resolved = true;
    const wanted = new Map(addresses.map((address) => [`${address.host}:${address.port}`, address]));
    for (const [name, endpoint] of this.endpoints) {
      if (wanted.has(name)) continue;
      this.endpoints.delete(name);
      endpoint.remove();
    }
    for (const [name, address] of wanted) {
      if (this.endpoints.has(name)) continue;
      const endpoint = new Endpoint(address, this.limits, this.changed);
      this.endpoints.set(name, endpoint);
      endpoint.connect();
    }
    this.changed();
  }

  /** Another server than `not` that has `procedure`, if one is ready. A draining one only when there is nothing else. */
  choose(procedure: string, not?: Endpoint): Endpoint | undefined {
    const ready = this.someLack ? this.ready.filter((endpoint) => endpoint.knows(procedure)) : this.ready;
    if (ready.length === 1 && ready[0] !== not) return ready[0];
    if (!not && ready.length > 0) return this.pick(ready);
    const others = ready.filter((endpoint) => endpoint !== not);
    if (others.length > 0) return this.pick(others);
    for (const endpoint of this.endpoints.values())
      if (endpoint !== not && this.isLastResort(endpoint, procedure)) return endpoint;
    return undefined;
  }

  /** Another than `those`, if one is ready. */
  chooseOther(procedure: string, those: ReadonlySet<Endpoint>): Endpoint | undefined {
    const others = this.ready.filter((endpoint) => !those.has(endpoint) && endpoint.knows(procedure));
    return others.length > 0 ? this.pick(others) : undefined;
  }

  /** `endpoint` has refused `procedure` as unknown: it gets no more such calls as long as the same process answers there. */
  lacks(endpoint: Endpoint, procedure: string): void {
    endpoint.unknown.add(procedure);
    this.someLack = true;
  }

  /** Why a server cannot be reached. */
  get lastError(): Error | undefined {
    return [...this.endpoints.values()].find(({ lastError }) => lastError !== undefined)?.lastError;
  }

  /** Whether a server refuses `procedure` as unknown. */
  isUnknown(procedure: string): boolean {
    return this.someLack && [...this.endpoints.values()].some((endpoint) => !endpoint.knows(procedure));
  }

  /** It drains, or is ejected while those that are ready do not have the procedure. */
  private isLastResort(endpoint: Endpoint, procedure: string): boolean {
    return (
      (endpoint.state === 'draining' || (this.someLack && endpoint.state === 'ready')) && endpoint.knows(procedure)
    );
  }

  /** Until a server is ready, or none is to be expected. */
  wait(waiter: Waiter): void {
    this.waiters.add(waiter);
    this.serveWaiters();
  }

  stopWaiting(waiter: Waiter): void {
    this.waiters.delete(waiter);
  }

  close(): void {
    this.update([]);
  }

  private readonly changed = (): void => {
    this.someLack = [...this.endpoints.values()].some(({ unknown }) => unknown.size > 0);
    const ready = [...this.endpoints.values()].filter(({ state }) => state === 'ready');
    this.ready = ready.filter(({ isEjected }) => !isEjected);
    if (this.ready.length === 0) {
      // The trouble is not one server's. All get calls, or the first one that is well again would get them all.
      for (const endpoint of ready) endpoint.reinstate();
      this.ready = ready;
    }
    this.serveWaiters();
  };

  private serveWaiters(): void {
    if (this.waiters.size === 0) return;
    const isHopeful = this.isHopeful();
    for (const waiter of [...this.waiters]) {
      const canProceed = this.choose(waiter.procedure) !== undefined;
      if (!canProceed && isHopeful) continue;
      this.waiters.delete(waiter);
      if (canProceed) waiter.proceed();
      else waiter.giveUp();
    }
  }

  private isHopeful(): boolean {
    return !this.resolved || [...this.endpoints.values()].some(({ isHopeful }) => isHopeful);
  }
}
