// One address of a service: keeps a connection to it, knows how it fares, and stays away from it for a while when it fails.
import { Connection, type Sent } from './connection.js';
import type { FrameLimits } from './frame-socket.js';
import { isTrouble, type CallMessage, type ReplyMessage } from './messages.js';
import type { Address } from './resolver.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A network may hear later than we do that it should let us reach a server: so long what was never reached is waited for. */
const NEW_MS = 5000;
/** A draining server is usually gone soon, and another may soon be at its address. */
const DRAINED_PAUSE_MS = 500;
/** So many calls in a row with no answer in time, or with that of a server in trouble, and an address gets none for a while. */
const EJECT_AFTER = 5;
/** What a server said of its load is no guide after this. */
const LOAD_VALID_MS = 1000;

/**
 * connecting → ready ⇄ unresponsive, → draining, and from any of them → down → connecting … until it is removed.
 * `unresponsive` does not react; `draining` still answers but wants no new calls; `down` waits for its next try.
 */
export type EndpointState = 'connecting' | 'ready' | 'unresponsive' | 'draining' | 'down' | 'removed';

export class Endpoint {
  readonly name: string;
  /** How calls to it ended. */
  readonly outcomes = { ok: 0, error: 0, refused: 0, lost: 0, timeout: 0 };
  state: EndpointState = 'down';
  /** Procedures that the process at the other end does not have. */
  readonly unknown = new Set<string>();
  /** Why its last connection ended or could not be made. */
  lastError: Error | undefined;
  private newUntil = performance.now() + NEW_MS;
  private connection: Connection | undefined;
  private retry: NodeJS.Timeout | undefined;
  /** Connections that broke, in a row. */
  private failures = 0;
  /** Calls, in a row. Answers that tell of trouble come quickly: without a pause such a server would draw most calls. */
  private troubles = 0;
  private ejection: NodeJS.Timeout | undefined;
  private othersLoad = 0;
  private loadToldAt = 0;

  constructor(
    readonly address: Address,
    private readonly limits: Partial<FrameLimits>,
    /** Called after each change of `state` and of `isEjected`. */
    private readonly changed: () => void,
  ) {
    this.name = `${address.host}:${address.port}`;
  }

  /** Our own calls it has not answered yet. */
  get outstanding(): number {
    return this.connection?.outstanding ?? 0;
  }

  knows(procedure: string): boolean {
    return this.unknown.size === 0 || !this.unknown.has(procedure);
  }

  /** Everybody's: what it told of others' with its last answer, and our own as of now. */
  get load(): number {
    const others = performance.now() - this.loadToldAt < LOAD_VALID_MS ? this.othersLoad : 0;
    return others + this.outstanding;
  }

  /** What we have for it waits in memory already. */
  get isFull(): boolean {
    return this.connection?.isFull ?? false;
  }

  /** It failed and has not proved itself since, so it gets no calls. */
  get isExcluded(): boolean {
    const isAway = this.state === 'down' || this.state === 'connecting';
    return this.state === 'unresponsive' || this.isEjected || (isAway && this.failures > 0);
  }

  /** Its connection is as good as any, its answers are not. */
  get isEjected(): boolean {
    return this.ejection !== undefined;
  }

  /** Waiting for it for a moment makes sense. */
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
        draining: () => this.drain(),
        replied: (reply) => this.replied(reply),
        ended: (error) => this.ended(error),
      },
      this.limits,
    );
  }

  send(call: Omit<CallMessage, 'id'>, sent: Sent): number {
    return this.connection!.send(call, sent);
  }

  /** The call waits no longer; `slow` when that is the server's fault. */
  forget(id: number, slow: boolean): void {
    this.connection?.forget(id);
    if (slow) this.troubled();
    this.hangUpIfDone();
  }

  /** The name does not lead here any more. What was sent is still answered. */
  remove(): void {
    this.become('removed');
    clearTimeout(this.retry);
    this.reinstate();
    this.hangUpIfDone();
  }

  /** What it answered so far does not count any more. */
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

  private drain(): void {
    this.become('draining');
    this.hangUpIfDone();
  }

  private replied(reply: ReplyMessage): void {
    this.failures = 0;
    this.othersLoad = Math.max(0, reply.load - this.outstanding);
    this.loadToldAt = performance.now();
    if (!reply.refused) this.judge(reply);
    this.hangUpIfDone();
  }

  private judge(reply: ReplyMessage): void {
    if (isTrouble(reply)) this.troubled();
    else this.troubles = 0;
  }

  /** After an ejection, the first trouble brings on the next one, twice as long. */
  private troubled(): void {
    if (!this.isEjected && this.state === 'ready' && ++this.troubles >= EJECT_AFTER) this.eject();
  }

  private eject(): void {
    const end = () => {
      this.ejection = undefined;
      this.changed();
    };
    this.ejection = setTimeout(end, pauseAfter(this.troubles - EJECT_AFTER)).unref();
    this.changed();
  }

  private hangUpIfDone(): void {
    if ((this.state === 'draining' || this.state === 'removed') && this.outstanding === 0) this.connection?.end();
  }

  private ended(error: Error | undefined): void {
    this.connection = undefined;
    this.unknown.clear();
    this.lastError = error;
    this.reinstate();
    if (this.state === 'removed') return;
    const asAgreed = this.state === 'draining' && !error;
    const pause = asAgreed ? withJitter(DRAINED_PAUSE_MS) : pauseAfter(this.failures);
    // Pauses do not grow while calls wait for it.
    if (!asAgreed) this.failures = this.isNew ? Math.min(this.failures + 1, 2) : this.failures + 1;
    this.retry = setTimeout(() => this.connect(), pause).unref();
    this.become('down');
  }
}

function pauseAfter(earlier: number): number {
  return withJitter(Math.min(FIRST_PAUSE_MS * 2 ** earlier, LONGEST_PAUSE_MS));
}

/** Without it, all callers of a server that comes back would come at once. */
function withJitter(ms: number): number {
  return ms * (0.5 + Math.random());
}
