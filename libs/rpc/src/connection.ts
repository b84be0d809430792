// One TCP connection to one server, from its hello to its end.
import { AsyncLocalStorage } from 'node:async_hooks';
import { connect, type Socket } from 'node:net';
import { FrameSocket, type FrameLimits } from './frame-socket.js';
import type { CallMessage, ReplyMessage, ToCaller } from './messages.js';

/** The kernel accepts connections for a process that hangs; only a hello shows that it runs. */
const HELLO_MS = 1000;
/** How often a connection with outstanding calls is checked, and after how many checks without a message … */
const CHECK_MS = 200;
const PING_AFTER = 2; // … a ping is sent, which a server answers however long its calls take,
const UNRESPONSIVE_AFTER = 5; // … the server counts as unresponsive,
const CLOSE_AFTER = 25; // … the connection is closed.

/** A call that was sent and awaits its answer. */
export interface Sent {
  answered(reply: ReplyMessage, body: Buffer | undefined): void;
  /** The server is unresponsive: it may hang or be busy. */
  doubted(): void;
  /** The connection ended; whether the server has executed the call is unknown. */
  lost(): void;
}

export interface ConnectionEvents {
  /** On the server's hello, and on its first message after it was unresponsive. */
  ready(): void;
  draining(): void;
  unresponsive(): void;
  replied(reply: ReplyMessage): void;
  /** `error` unless it was closed normally. Called before `lost` of the outstanding calls. */
  ended(error: Error | undefined): void;
}

// A socket's events run in the context it was created in. This one is shared, so it must not be that of the first request.
const outsideRequests = AsyncLocalStorage.snapshot();

export class Connection {
  private readonly sent = new Map<number, Sent>();
  private readonly socket: Socket;
  private readonly frames: FrameSocket;
  private nextId = 1;
  /** Checks since the last message, not time: if this process itself was stopped, that is one check. */
  private missedChecks = 0;
  private checking: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(
    host: string,
    port: number,
    private readonly events: ConnectionEvents,
    limits: Partial<FrameLimits>,
  ) {
    this.socket = outsideRequests(() => connect({ host, port, noDelay: true, keepAlive: true }));
    this.frames = new FrameSocket(this.socket, limits);
    this.socket.on('message', (message: ToCaller, body?: Buffer) => this.receive(message, body));
    // No answer can arrive after any of these, whichever is the first.
    this.socket.on('error', (error) => this.over(error));
    this.socket.on('end', () => this.over());
    this.socket.on('close', () => this.over());
    this.socket.setTimeout(HELLO_MS, () => this.destroy('no hello'));
  }

  get outstanding(): number {
    return this.sent.size;
  }

  /** The send buffer is at its limit, because the server reads too slowly. */
  get isFull(): boolean {
    return this.frames.isFull;
  }

  /** Returns the id by which to `forget` the call. Throws FrameTooLargeError. */
  send(call: Omit<CallMessage, 'id'>, sent: Sent): number {
    const id = this.nextId++;
    this.frames.send({ id, ...call } satisfies CallMessage);
    this.sent.set(id, sent);
    this.checking ??= outsideRequests(() => setInterval(() => this.check(), CHECK_MS)).unref();
    return id;
  }

  /** The answer of this call is not awaited any more. */
  forget(id: number): void {
    this.sent.delete(id);
  }

  /** Closes after everything sent has gone out. */
  end(): void {
    this.over();
    this.frames.end();
  }

  private destroy(reason: string): void {
    this.over(new Error(reason));
    this.socket.destroy();
  }

  private receive(message: ToCaller, body: Buffer | undefined): void {
    if (this.isUnresponsive) this.events.ready();
    this.missedChecks = 0;
    if ('id' in message) {
      const sent = this.sent.get(message.id);
      this.sent.delete(message.id);
      this.events.replied(message);
      sent?.answered(message, body);
    } else if ('draining' in message) {
      this.socket.setTimeout(0);
      if (message.draining) this.events.draining();
      else this.events.ready();
    }
  }

  private get isUnresponsive(): boolean {
    return this.missedChecks >= UNRESPONSIVE_AFTER;
  }

  private check(): void {
    if (this.sent.size === 0 && !this.isUnresponsive) return this.stopChecking();
    this.missedChecks += 1;
    if (this.missedChecks === PING_AFTER) this.frames.send({ ping: true });
    if (this.missedChecks === UNRESPONSIVE_AFTER) this.doubt();
    if (this.missedChecks === CLOSE_AFTER) this.destroy('the server hangs');
  }

  private doubt(): void {
    this.events.unresponsive();
    for (const sent of [...this.sent.values()]) sent.doubted();
  }

  private stopChecking(): void {
    clearInterval(this.checking);
    this.checking = undefined;
    this.missedChecks = 0;
  }

  private over(error?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopChecking();
    const orphans = [...this.sent.values()];
    this.sent.clear();
    this.events.ended(error);
    for (const orphan of orphans) orphan.lost();
  }
}
