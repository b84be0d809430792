// Logs each failed or slow call, at its caller and at its server.
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import { reasonOf, toAppError } from './errors.js';

/** A call, job or request that takes longer is logged although it succeeded. */
export const SLOW_MS = 500;

/** Warnings that an outage would repeat thousands of times; those of the same `kind` are counted beyond a limit. */
export interface WarningLog {
  throttled(kind: string, fields: object, message: string, options?: { burst?: number }): void;
}

export interface EndedCall {
  rpc: Pick<Procedure, 'service' | 'name'>;
  requestId: string;
  durationMs: number;
  /** A refusal below 500 is an expected answer, not a failure. */
  error?: unknown;
}

export class CallLog {
  constructor(
    private readonly side: 'caller' | 'server',
    private readonly log: WarningLog | undefined,
  ) {}

  /** Kept cheap, because a server under overload calls it most. */
  notBegun({ service, name }: EndedCall['rpc'], requestId: string, reason: string): void {
    const fields = { requestId, side: this.side, callee: service, procedure: name, reason };
    this.log?.throttled(`${reason} ${name}`, fields, 'call refused');
  }

  ended({ rpc, requestId, durationMs, error }: EndedCall): void {
    const failure = error === undefined ? undefined : toAppError(error);
    const hasFailed = failure !== undefined && failure.status >= 500;
    if (!this.log || (!hasFailed && durationMs <= SLOW_MS)) return;
    const fields = {
      requestId,
      side: this.side,
      callee: rpc.service,
      procedure: rpc.name,
      code: failure?.code,
      reason: hasFailed ? reasonOf(error) : 'slow',
      durationMs: Math.round(durationMs),
    };
    const message = hasFailed ? 'call failed' : 'slow call';
    this.log.throttled(`${message} ${this.side} ${rpc.name} ${failure?.code}`, fields, message);
  }
}
