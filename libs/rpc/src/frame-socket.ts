// Frames on a TCP connection: [length of head + body][length of head][head: JSON][body: bytes, may be empty], lengths as
// unsigned 32-bit big-endian. The body is passed on untouched, so serialized JSON is neither parsed nor encoded again.
import { TcpSocket } from '@nestjs/microservices';
import type { Socket } from 'node:net';

const PREFIX_BYTES = 8;
/** Frames are appended to a slab, so that all frames of one turn of the event loop go out in one write. */
const SLAB_BYTES = 64 * 1024;
/** A longer body is cheaper to write separately than to copy. */
const COPY_BYTES = 16 * 1024;

export interface FrameLimits {
  /** Largest frame in either direction. */
  maxFrameBytes: number;
  /** Bytes that may wait in memory for a peer that reads slowly. */
  maxBufferedBytes: number;
}

export const defaultFrameLimits: FrameLimits = {
  maxFrameBytes: 8 * 1024 * 1024,
  maxBufferedBytes: 32 * 1024 * 1024,
};

/** The peer sent something that is not a frame, or one that is too large. The connection cannot be used any more. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Our frame is too large to send; the connection can still be used. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError';
}

export interface FrameOptions extends Partial<FrameLimits> {
  /** Stop reading while the peer does not read what we send. For one end only: if both stopped, both could wait forever. */
  pauseWhenBlocked?: boolean;
}

/** Emits `message` (head, body) on its socket for every frame, and `error` with a FrameError for anything else. */
export class FrameSocket extends TcpSocket {
  private readonly limits: FrameLimits;
  private readonly pauseWhenBlocked: boolean;

  private slab = Buffer.alloc(0);
  private slabUsed = 0;
  private batchStart = 0;
  private sealed: Buffer[] = [];
  private waitingBytes = 0;

  private received: Buffer[] = [];
  /** Bytes still to arrive before `received` holds a whole frame. */
  private missing = 0;

  constructor(socket: Socket, options: FrameOptions = {}) {
    super(socket);
    this.limits = { ...defaultFrameLimits, ...options };
    this.pauseWhenBlocked = options.pauseWhenBlocked ?? false;
    if (this.pauseWhenBlocked) socket.on('drain', () => socket.resume());
  }

  /** Bytes that the peer has not read yet. */
  get bufferedBytes(): number {
    return this.waitingBytes + this.socket.writableLength;
  }

  get isFull(): boolean {
    return this.bufferedBytes > this.limits.maxBufferedBytes;
  }

  /** Throws FrameTooLargeError. Frames sent on a closed connection are lost, as with any socket. */
  send(head: object, body?: Buffer): void {
    if (!this.socket.writable) return;
    const text = JSON.stringify(head);
    const headBytes = Buffer.byteLength(text);
    const bytes = headBytes + (body?.length ?? 0);
    const { maxFrameBytes } = this.limits;
    if (bytes > maxFrameBytes)
      throw new FrameTooLargeError(`a message of ${bytes} bytes is over the limit of ${maxFrameBytes}`);

    const at = this.reserve(PREFIX_BYTES + headBytes);
    this.slab.writeUInt32BE(bytes, at);
    this.slab.writeUInt32BE(headBytes, at + 4);
    this.slab.write(text, at + PREFIX_BYTES, headBytes);
    if (body !== undefined) this.append(body);

    if (this.waitingBytes === 0) setImmediate(this.flush);
    this.waitingBytes += PREFIX_BYTES + bytes;
  }

  protected override handleSend(message: object): void {
    this.send(message);
  }

  /** Closes after everything sent so far has gone out. */
  override end(): this {
    this.flush();
    this.socket.destroySoon();
    return this;
  }

  private reserve(bytes: number): number {
    if (this.slabUsed + bytes > this.slab.length) {
      this.seal();
      this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
      this.slabUsed = this.batchStart = 0;
    }
    const at = this.slabUsed;
    this.slabUsed += bytes;
    return at;
  }

  private append(body: Buffer): void {
    if (body.length <= COPY_BYTES) {
      const at = this.reserve(body.length);
      body.copy(this.slab, at);
    } else {
      this.seal();
      this.sealed.push(body);
    }
  }

  private seal(): void {
    if (this.slabUsed > this.batchStart) this.sealed.push(this.slab.subarray(this.batchStart, this.slabUsed));
    this.batchStart = this.slabUsed;
  }

  private readonly flush = (): void => {
    if (this.waitingBytes === 0) return;
    this.waitingBytes = 0;
    this.seal();
    const chunks = this.sealed;
    this.sealed = [];
    if (!this.socket.writable) return;
    const taken = chunks.length === 1 ? this.socket.write(chunks[0]!) : this.writeAll(chunks);
    if (!taken && this.pauseWhenBlocked) this.pause();
  };

  /** Accepts no new calls. The answers to those that have arrived must not fill the memory either. */
  private pause(): void {
    this.socket.pause();
    if (this.isFull) this.socket.destroy(new FrameError(`the peer has left ${this.bufferedBytes} bytes unread`));
  }

  private writeAll(chunks: Buffer[]): boolean {
    this.socket.cork();
    const taken = chunks.map((chunk) => this.socket.write(chunk));
    this.socket.uncork();
    return taken.every(Boolean);
  }

  protected override handleData(chunk: Buffer): void {
    if (this.missing > 0) {
      this.received.push(chunk);
      this.missing -= chunk.length;
      if (this.missing > 0) return;
      chunk = Buffer.concat(this.received);
      this.received = [];
    }
    const rest = this.readFrames(chunk);
    if (rest.length > 0) this.received.push(rest);
  }

  /**
   * Emits every whole frame and returns the rest, with the number of bytes it lacks in `missing`. A body is a view of the
   * chunk that was read, up to 64 kB, and keeps that chunk in memory while it is referenced.
   */
  private readFrames(data: Buffer): Buffer {
    let at = 0;
    while (data.length - at >= PREFIX_BYTES) {
      const bytes = data.readUInt32BE(at);
      const headBytes = data.readUInt32BE(at + 4);
      if (bytes > this.limits.maxFrameBytes || headBytes > bytes)
        throw new FrameError(`not a frame, or one over ${this.limits.maxFrameBytes} bytes`);
      const headAt = at + PREFIX_BYTES;
      const end = headAt + bytes;
      if (end > data.length) {
        this.missing = end - data.length;
        return data.subarray(at);
      }
      const bodyAt = headAt + headBytes;
      const head = parseHead(data.toString('utf8', headAt, bodyAt));
      this.socket.emit('message', head, bodyAt < end ? data.subarray(bodyAt, end) : undefined);
      if (this.socket.destroyed) return data.subarray(data.length);
      at = end;
    }
    this.missing = at < data.length ? PREFIX_BYTES - (data.length - at) : 0;
    return data.subarray(at);
  }

  protected override handleDataError(error: Error): void {
    this.socket.destroy(error);
  }
}

function parseHead(text: string): object {
  try {
    const head: unknown = JSON.parse(text);
    if (typeof head === 'object' && head !== null) return head;
  } catch {
    // Not JSON: the error below.
  }
  throw new FrameError('the head of a frame is not a JSON object');
}
