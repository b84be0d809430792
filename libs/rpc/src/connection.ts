// One TCP connection to one server, from its hello to its end.
import { AsyncLocalStorage } from 'node:async_hooks';
import { connect, type Socket } from 'node:net';
import { FrameSocket, type FrameLimits } from './frame-socket.js';
import type { CallMessage, ReplyMessage, ToCaller } from './messages.js';

/** A server's kernel accepts connections even when its process hangs; only a hello shows that somebody is there. */
const HELLO_MS = 1000;
/** A connection that owes answers is looked at this often. After so many looks without a word from the server it is … */
const LOOK_MS = 200;
const ASK_AFTER = 2; // … asked for a sign of life, which a server gives however long its calls take,
const SUSPECT_AFTER = 5; // … suspected to hang,
const GIVE_UP_AFTER = 25; // … given up.

/** A call that was sent and waits for its answer. */
export interface Sent {
  answered(reply: ReplyMessage, body: Buffer | undefined): void;
  /** The server is unresponsive. It may hang, it may just be busy. */
  doubted(): void;
  /** The connection ended. Whether the server has run the call, nobody knows. */
  lost(): void;
}

export interface ConnectionEvents {
  /** Its first word, and its first one after it was unresponsive. */
  ready(): void;
  draining(): void;
  unresponsive(): void;
  replied(reply: ReplyMessage): void;
  /** `error` when it did not end as agreed. The calls it still had are told after this. */
  ended(error: Error | undefined): void;
}

// A socket's events run in the context it was made in. This one is shared, so it must not be that of the first request.
const outsideRequests = AsyncLocalStorage.snapshot();

export class Connection {
  private readonly sent = new Map<number, Sent>();
  private readonly socket: Socket;
  private readonly frames: FrameSocket;
  private nextId = 1;
  private missedLooks = 0;
  private looking: NodeJS.Timeout | undefined;
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
    // After any of these no answer can come, whichever is the first.
    this.socket.on('error', (error) => this.over(error));
    this.socket.on('end', () => this.over());
    this.socket.on('close', () => this.over());
    this.socket.setTimeout(HELLO_MS, () => this.giveUp('no hello'));
  }

  get outstanding(): number {
    return this.sent.size;
  }

  /** What waits to be sent is at its limit: the server takes nothing any more. */
  get isFull(): boolean {
    return this.frames.isFull;
  }

  /** Answers the id by which to `forget` it. Throws FrameTooLargeError. */
  send(call: Omit<CallMessage, 'id'>, sent: Sent): number {
    const id = this.nextId++;
    this.frames.send({ id, ...call } satisfies CallMessage);
    this.sent.set(id, sent);
    this.looking ??= outsideRequests(() => setInterval(() => this.look(), LOOK_MS)).unref();
    return id;
  }

  /** Nobody waits for this answer any more. */
  forget(id: number): void {
    this.sent.delete(id);
  }

  /** Hangs up, once what was sent is out. */
  end(): void {
    this.over();
    this.frames.end();
  }

  giveUp(reason: string): void {
    this.over(new Error(reason));
    this.socket.destroy();
  }

  private receive(message: ToCaller, body: Buffer | undefined): void {
    if (this.isUnresponsive) this.events.ready();
    this.missedLooks = 0;
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
    return this.missedLooks >= SUSPECT_AFTER;
  }

  /** Counts looks, not time: when it was this process that stood still, that is one look and no fault of the server's. */
  private look(): void {
    if (this.sent.size === 0 && !this.isUnresponsive) return this.stopLooking();
    this.missedLooks += 1;
    if (this.missedLooks === ASK_AFTER) this.frames.send({ ping: true });
    if (this.missedLooks === SUSPECT_AFTER) this.suspect();
    if (this.missedLooks === GIVE_UP_AFTER) this.giveUp('the server hangs');
  }

  private suspect(): void {
    this.events.unresponsive();
    for (const sent of [...this.sent.values()]) sent.doubted();
  }

  private stopLooking(): void {
    clearInterval(this.looking);
    this.looking = undefined;
    this.missedLooks = 0;
  }

  private over(error?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopLooking();
    const orphans = [...this.sent.values()];
    this.sent.clear();
    this.events.ended(error);
    for (const orphan of orphans) orphan.lost();
  }
}
