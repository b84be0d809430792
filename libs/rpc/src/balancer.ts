// The servers of one service as its callers see them.
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
  /** Whether a server of another version lacks a procedure, as happens during a roll-out. */
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

  /** Connects to new addresses and removes those that are gone. */
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

  /** A ready server other than `not` that has `procedure`; a draining one only when there is no other. */
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

  /** A ready server that is not one of `those`. */
  chooseOther(procedure: string, those: ReadonlySet<Endpoint>): Endpoint | undefined {
    const others = this.ready.filter((endpoint) => !those.has(endpoint) && endpoint.knows(procedure));
    return others.length > 0 ? this.pick(others) : undefined;
  }

  /** `endpoint` has refused `procedure` as unknown: it gets no such calls until it reconnects. */
  lacks(endpoint: Endpoint, procedure: string): void {
    endpoint.unknown.add(procedure);
    this.someLack = true;
  }

  /** Why a server cannot be reached. */
  get lastError(): Error | undefined {
    return [...this.endpoints.values()].find(({ lastError }) => lastError !== undefined)?.lastError;
  }

  /** Whether a server has refused `procedure` as unknown. */
  isUnknown(procedure: string): boolean {
    return this.someLack && [...this.endpoints.values()].some((endpoint) => !endpoint.knows(procedure));
  }

  /** Draining, or ejected while the other ready servers lack the procedure. */
  private isLastResort(endpoint: Endpoint, procedure: string): boolean {
    return (
      (endpoint.state === 'draining' || (this.someLack && endpoint.state === 'ready')) && endpoint.knows(procedure)
    );
  }

  /** Calls `proceed` when a server is ready, or `giveUp` when none is expected to be. */
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
      // When all fail the cause is elsewhere. All are reinstated, or the first one would get every call.
      for (const endpoint of ready) endpoint.reinstate();
      this.ready = ready;
    }
    this.serveWaiters();
  };

  private serveWaiters(): void {
    if (this.waiters.size === 0) return;
    const isHopeful = !this.resolved || [...this.endpoints.values()].some((endpoint) => endpoint.isHopeful);
    for (const waiter of [...this.waiters]) {
      const canProceed = this.choose(waiter.procedure) !== undefined;
      if (!canProceed && isHopeful) continue;
      this.waiters.delete(waiter);
      if (canProceed) waiter.proceed();
      else waiter.giveUp();
    }
  }
}
