// One address of a service: keeps a connection to it, tracks its failures, and ejects it for a while when it fails.
import { Connection, type Sent } from './connection.js';
import type { FrameLimits } from './frame-socket.js';
import { isTrouble, type CallMessage, type ReplyMessage } from './messages.js';
import type { Address } from './resolver.js';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5000;
/** How long calls wait for an address that was never reached: a network may let us through later than we know the address. */
const NEW_MS = 5000;
/** A draining server ends soon, and another one may then take its address. */
const DRAINED_PAUSE_MS = 500;
/** Calls in a row that timed out or failed with an error of the server, after which the address is ejected. */
const EJECT_AFTER = 5;
/** The load that a server reports is stale after this. */
const LOAD_VALID_MS = 1000;

/**
 * connecting → ready ⇄ unresponsive, → draining, and from any of them → down → connecting … until it is removed.
 * `unresponsive` answers no ping; `draining` finishes its calls and accepts no new ones; `down` waits to reconnect.
 */
export type EndpointState = 'connecting' | 'ready' | 'unresponsive' | 'draining' | 'down' | 'removed';

export class Endpoint {
  readonly name: string;
  /** Numbers of calls by outcome. */
  readonly outcomes = { ok: 0, error: 0, refused: 0, lost: 0, timeout: 0 };
  state: EndpointState = 'down';
  /** Procedures that the connected process does not have. */
  readonly unknown = new Set<string>();
  /** Why the last connection ended or could not be made. */
  lastError: Error | undefined;
  private newUntil = performance.now() + NEW_MS;
  private connection: Connection | undefined;
  private reconnecting: NodeJS.Timeout | undefined;
  /** Broken connections in a row. */
  private failures = 0;
  /** Failed calls in a row. A failing server answers quickly, and would attract most calls if it were not ejected. */
  private troubles = 0;
  private ejection: NodeJS.Timeout | undefined;
  private othersLoad = 0;
  private loadReportedAt = 0;

  constructor(
    readonly address: Address,
    private readonly limits: Partial<FrameLimits>,
    /** Called after each change of `state` and of `isEjected`. */
    private readonly changed: () => void,
  ) {
    this.name = `${address.host}:${address.port}`;
  }

  get outstanding(): number {
    return this.connection?.outstanding ?? 0;
  }

  knows(procedure: string): boolean {
    return this.unknown.size === 0 || !this.unknown.has(procedure);
  }

  /** The calls of other callers as last reported, plus our own now. */
  get load(): number {
    const others = performance.now() - this.loadReportedAt < LOAD_VALID_MS ? this.othersLoad : 0;
    return others + this.outstanding;
  }

  get isFull(): boolean {
    return this.connection?.isFull ?? false;
  }

  /** Connected, but its calls fail. */
  get isEjected(): boolean {
    return this.ejection !== undefined;
  }

  /** Gets no calls because it failed. */
  get isExcluded(): boolean {
    const isAway = this.state === 'down' || this.state === 'connecting';
    return this.state === 'unresponsive' || this.isEjected || (isAway && this.failures > 0);
  }

  /** Whether it may be ready in a moment. */
  get isHopeful(): boolean {
    if (this.state === 'down') return this.failures <= 1 || this.isNew;
    return this.state === 'connecting' || this.state === 'unresponsive';
  }

  private get isNew(): boolean {
    return performance.now() < this.newUntil;
  }

  connect(): void {
    this.state = 'connecting';
    this.connection = new Connection(
      this.address.host,
      this.address.port,
      {
        ready: () => this.state !== 'draining' && this.become('ready'),
        unresponsive: () => this.state === 'ready' && this.become('unresponsive'),
        draining: () => this.leave('draining'),
        replied: (reply) => this.replied(reply),
        ended: (error) => this.ended(error),
      },
      this.limits,
    );
  }

  send(call: Omit<CallMessage, 'id'>, sent: Sent): number {
    return this.connection!.send(call, sent);
  }

  /** The answer of this call is not awaited any more; `slow` when the server took too long. */
  forget(id: number, slow: boolean): void {
    this.connection?.forget(id);
    if (slow) this.troubled();
    this.hangUpIfDone();
  }

  /** The name does not resolve to this address any more. Outstanding calls are still answered. */
  remove(): void {
    clearTimeout(this.reconnecting);
    this.reinstate();
    this.leave('removed');
  }

  /** Ends the ejection and forgets the failures that led to it. */
  reinstate(): void {
    clearTimeout(this.ejection);
    this.ejection = undefined;
    this.troubles = 0;
  }

  private become(state: EndpointState): void {
    if (this.state === 'removed') return;
    if (state === 'ready') {
      this.newUntil = 0;
      this.lastError = undefined;
    }
    this.state = state;
    this.changed();
  }

  private leave(state: 'draining' | 'removed'): void {
    this.become(state);
    this.hangUpIfDone();
  }

  private hangUpIfDone(): void {
    if ((this.state === 'draining' || this.state === 'removed') && this.outstanding === 0) this.connection?.end();
  }

  private replied(reply: ReplyMessage): void {
    this.failures = 0;
    this.othersLoad = Math.max(0, reply.load - this.outstanding);
    this.loadReportedAt = performance.now();
    if (isTrouble(reply)) this.troubled();
    else if (!reply.refused) this.troubles = 0;
    this.hangUpIfDone();
  }

  /** After an ejection, the first failure causes the next one, twice as long. */
  private troubled(): void {
    if (this.isEjected || this.state !== 'ready' || ++this.troubles < EJECT_AFTER) return;
    const end = () => {
      this.ejection = undefined;
      this.changed();
    };
    this.ejection = setTimeout(end, pauseAfter(this.troubles - EJECT_AFTER)).unref();
    this.changed();
  }

  private ended(error: Error | undefined): void {
    this.connection = undefined;
    this.unknown.clear();
    this.lastError = error;
    this.reinstate();
    if (this.state === 'removed') return;
    const hasDrained = this.state === 'draining' && !error;
    const pause = hasDrained ? withJitter(DRAINED_PAUSE_MS) : pauseAfter(this.failures);
    // Pauses do not grow while calls wait for a new address.
    if (!hasDrained) this.failures = this.isNew ? Math.min(this.failures + 1, 2) : this.failures + 1;
    this.reconnecting = setTimeout(() => this.connect(), pause).unref();
    this.become('down');
  }
}

function pauseAfter(earlier: number): number {
  return withJitter(Math.min(FIRST_PAUSE_MS * 2 ** earlier, MAX_PAUSE_MS));
}

/** Keeps all callers from returning to a restarted server at the same moment. */
function withJitter(ms: number): number {
  return ms * (0.5 + Math.random());
}
