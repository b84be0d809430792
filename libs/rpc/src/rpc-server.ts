// Answers calls: over TCP from other processes, and directly from this one.
import { ServerTCP, type MessageHandler } from '@nestjs/microservices';
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { Admission, defaultAdmissionLimits, type AdmissionLimits } from './admission.js';
import { CallAge } from './call-age.js';
import { CallLog, type WarningLog } from './call-log.js';
import type { RequestContext } from './context.js';
import { Deadlines } from './deadlines.js';
import { AppError, toWireError } from './errors.js';
import { FrameError, FrameSocket, type FrameLimits } from './frame-socket.js';
import type { CallMessage, ReplyMessage, ToServer } from './messages.js';
import { serverSources } from './rpc-metrics.js';
import { SerializedJson } from './serialized-json.js';
import { Target } from './target.js';

const CLOSE_MS = 1000;

export interface RpcServerOptions extends Partial<FrameLimits & AdmissionLimits> {
  /** Without a port only this process can call; 0 takes any free one. */
  port?: number;
  host?: string;
  log?: WarningLog;
}

interface Extras {
  rpc?: Procedure;
}

/** One connection from a calling process. */
interface Peer {
  frames: FrameSocket;
  age: CallAge;
}

export class RpcServer extends ServerTCP {
  readonly targets = new Map<string, Target>();
  private readonly names: string[] = [];
  private readonly peers = new Set<Peer>();
  private readonly admission: Admission;
  private readonly deadlines = new Deadlines();
  private readonly localCalls: CallLog;
  private local = 0;
  private state: 'open' | 'draining' | 'drained' = 'open';
  private noticeIdle: () => void = () => undefined;

  constructor(private readonly settings: RpcServerOptions = {}) {
    super({ port: settings.port ?? 0, host: settings.host ?? '0.0.0.0', socketClass: FrameSocket });
    this.admission = new Admission({ ...defaultAdmissionLimits, ...settings });
    this.localCalls = new CallLog('caller', settings.log);
    serverSources.add(this);
  }

  /** The port it listens on, if any. */
  get listeningPort(): number | undefined {
    return (this.server.address() as AddressInfo | null)?.port;
  }

  get inFlight(): number {
    return this.admission.load + this.local;
  }

  /** The name of each handler's procedure; twice for a procedure with two handlers. */
  handlerNames(): readonly string[] {
    return this.names;
  }

  override addHandler(pattern: unknown, handle: MessageHandler, isEvent = false, extras: Extras = {}): void {
    const { rpc } = extras;
    if (!rpc || isEvent) throw new Error(`${inspect(pattern)}: RPC handlers are declared with @Handles`);
    this.names.push(rpc.name);
    this.targets.set(rpc.name, new Target(rpc, handle, new CallLog('server', this.settings.log)));
    super.addHandler(pattern, handle, isEvent, extras);
  }

  override listen(callback: (error?: unknown) => void): void {
    if (this.settings.port === undefined) return callback();
    this.server.once('error', callback);
    this.server.listen(this.port, this.host, () => {
      this.server.off('error', callback);
      callback();
    });
  }

  override bindHandler(socket: Socket): void {
    this.trackOpenSocket(socket);
    socket.setNoDelay(true);
    const peer: Peer = {
      frames: new FrameSocket(socket, { ...this.settings, pauseWhenBlocked: true }),
      age: new CallAge(),
    };
    this.peers.add(peer);
    socket.on('message', (message: ToServer) => this.receive(peer, message));
    socket.on('error', (error) => {
      if (error instanceof FrameError) this.logger.warn(`${socket.remoteAddress}: ${error.message}`);
    });
    socket.on('close', () => {
      this.peers.delete(peer);
      this.noticeIdle();
    });
    peer.frames.send({ draining: this.state !== 'open' });
  }

  private receive(peer: Peer, message: ToServer): void {
    if ('ping' in message) return peer.frames.send(message);
    const { id, call, left, sentAt, requestId } = message;
    if (typeof id !== 'number' || typeof left !== 'number' || typeof sentAt !== 'number')
      return void peer.frames.socket.destroy(new FrameError('not a call'));
    const target = this.targets.get(call);
    if (!target) return this.refuseUnknown(peer, message);
    if (this.state === 'drained') return this.reply(peer, { id, load: 0, refused: 'draining' });

    const now = performance.now();
    const deadlineAt = now + left - peer.age.of(sentAt, now);
    const drop = () => {
      target.notBegun('expired', requestId);
      this.noticeIdle();
    };
    if (deadlineAt <= now) return drop();
    const start = () => void this.run(peer, message, target, deadlineAt);
    if (this.admission.admit({ start, drop, deadlineAt }, now)) return;
    target.notBegun('overloaded', requestId);
    this.reply(peer, { id, load: this.admission.load, refused: 'overloaded' });
  }

  /** The caller is of a newer version, and finds another server, or means another service. */
  private refuseUnknown(peer: Peer, { id, call, requestId }: CallMessage): void {
    const fields = { requestId, procedure: call, reason: 'unknown here' };
    this.settings.log?.throttled('unknown procedure', fields, 'call refused', { burst: 1 });
    this.reply(peer, { id, load: this.admission.load, refused: 'unknown' });
  }

  private async run(peer: Peer, message: CallMessage, target: Target, deadlineAt: number): Promise<void> {
    const { id, input, requestId } = message;
    const startedAt = performance.now();
    let answer: unknown;
    let error: unknown;
    try {
      answer = await target.answer(input, { requestId, deadlineAt });
    } catch (refusal) {
      error = refusal;
    }
    this.admission.finished(performance.now() - startedAt);
    const { load } = this.admission;
    if (error) this.reply(peer, { id, load, error: toWireError(error) });
    else if (answer instanceof SerializedJson) this.reply(peer, { id, load, etag: answer.etag }, answer.body);
    else this.reply(peer, { id, load, output: answer });
    if (load === 0) this.noticeIdle();
  }

  private reply(peer: Peer, message: ReplyMessage, body?: Buffer): void {
    try {
      peer.frames.send(message, body);
    } catch (error) {
      // Too large, or not expressible in JSON.
      this.logger.error(error);
      peer.frames.send({ id: message.id, load: message.load, error: toWireError(error) });
    }
  }

  /** Calls a procedure of this process: checked and timed like a call from outside, but never serialized or queued. */
  dispatch(name: string, input: unknown, context: RequestContext): Promise<unknown> {
    const target = this.targets.get(name);
    if (!target) return Promise.reject(new Error(`${name} has no handler in this process`));
    const startedAt = performance.now();
    const tooLate = () => {
      const error = new AppError('unavailable', `${name} did not answer in time`);
      const durationMs = performance.now() - startedAt;
      this.localCalls.ended({ rpc: target.rpc, requestId: context.requestId, error, durationMs });
      return error;
    };
    if (context.deadlineAt <= startedAt) return Promise.reject(tooLate());
    return new Promise((resolve, reject) => {
      const waiting = { deadlineAt: context.deadlineAt, expire: () => reject(tooLate()) };
      const settle = () => {
        this.deadlines.delete(waiting);
        this.local -= 1;
        this.noticeIdle();
      };
      this.local += 1;
      this.deadlines.add(waiting);
      target.answer(input, context).finally(settle).then(resolve, reject);
    });
  }

  /**
   * Tells callers to choose other servers, answers the calls in flight, and resolves when all callers have disconnected, or
   * after `graceMs`. Calls are refused only then, so that a caller without another server is still served.
   */
  async drain(graceMs: number): Promise<void> {
    this.state = 'draining';
    for (const { frames } of this.peers) frames.send({ draining: true });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.noticeIdle = () => {
        if (this.inFlight > 0 || this.peers.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      this.noticeIdle();
    });
    this.state = 'drained';
  }

  /** Closes the connections after all answers have gone out, or after a second. */
  override close(): void {
    serverSources.delete(this);
    this.isManuallyTerminated = true;
    this.server.close();
    for (const { frames } of this.peers) frames.end();
    setTimeout(() => this.closeOpenSockets(), CLOSE_MS).unref();
  }
}
