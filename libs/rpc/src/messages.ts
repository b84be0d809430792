// The messages between caller and server. Each is the JSON head of a frame; the bytes of a SerializedJson are its body.
import type { WireError } from './errors.js';

export interface CallMessage {
  id: number;
  call: string;
  input: unknown;
  requestId: string;
  /** Milliseconds until the caller's deadline, counted from `sentAt`. */
  left: number;
  /** The caller's own monotonic clock; see CallAge. */
  sentAt: number;
}

/**
 * Why a server did not start a call. Nothing has happened then, so any call may go to another server. `unknown`: the server
 * is of another version, which does not have the procedure.
 */
export type Refusal = 'overloaded' | 'draining' | 'unknown';

export interface ReplyMessage {
  id: number;
  /** Calls of all callers that the server is running or has queued. */
  load: number;
  output?: unknown;
  /** Marks a SerializedJson: its bytes are the frame's body. */
  etag?: string;
  error?: WireError;
  refused?: Refusal;
}

/** Whether the server, or a store behind it, is in trouble; another server may do better. */
export function isTrouble({ error }: ReplyMessage): boolean {
  return error?.code === 'unavailable' || error?.code === 'internal';
}

/** The server's first message on a connection; sent again when it starts draining and accepts no new calls. */
export interface HelloMessage {
  draining: boolean;
}

/** Asks an unresponsive server for a sign of life; it returns the same message. */
export interface PingMessage {
  ping: true;
}

export type ToServer = CallMessage | PingMessage;
export type ToCaller = ReplyMessage | HelloMessage | PingMessage;
