// What caller and server say to each other. Each is the JSON head of a frame; a SerializedJson answer rides behind its head as bytes.
import type { WireError } from './errors.js';

export interface CallMessage {
  id: number;
  call: string;
  input: unknown;
  requestId: string;
  /** Milliseconds the caller goes on waiting, counted from `sentAt`. */
  left: number;
  /** The caller's own monotonic clock; see CallAge. */
  sentAt: number;
}

/**
 * Why a server did not even start a call. Nothing has happened then, so any call may go to another server. `unknown` is a
 * procedure that the server, of another version, does not have.
 */
export type Refusal = 'overloaded' | 'draining' | 'unknown';

export interface ReplyMessage {
  id: number;
  /** Calls the server is running or has waiting, from all callers. */
  load: number;
  output?: unknown;
  /** Marks a SerializedJson: its bytes are the frame's body. */
  etag?: string;
  error?: WireError;
  refused?: Refusal;
}

/** The answer of a server in trouble, and not of one that does as it should. Another may be better off. */
export function isTrouble({ error }: ReplyMessage): boolean {
  return error?.code === 'unavailable' || error?.code === 'internal';
}

/** The server's first word on a connection, and its last ones: a draining server wants no new calls. */
export interface HelloMessage {
  draining: boolean;
}

/** Asks a server that is unresponsive whether it lives; it answers the same. */
export interface PingMessage {
  ping: true;
}

export type ToServer = CallMessage | PingMessage;
export type ToCaller = ReplyMessage | HelloMessage | PingMessage;
