// A line for each call that failed or was slow, in the log of its caller and in that of its server.
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import { reasonOf, toAppError } from './errors.js';

/** Beyond this a call, a job or a request leaves a line in the log although it succeeded. */
export const SLOW_MS = 500;

/** Where warnings go that an outage would repeat thousands of times: `kind` is what makes two of them the same. */
export interface WarningLog {
  throttled(kind: string, fields: object, message: string, options?: { burst?: number }): void;
}

export interface EndedCall {
  rpc: Pick<Procedure, 'service' | 'name'>;
  requestId: string;
  durationMs: number;
  /** A refusal that the caller has to expect, below 500, is no failure. */
  error?: unknown;
}

export class CallLog {
  constructor(
    private readonly side: 'caller' | 'server',
    private readonly log: WarningLog | undefined,
  ) {}

  /** Costs little: this is said most often by a server that has no time. */
  notBegun({ service, name }: EndedCall['rpc'], requestId: string, reason: string): void {
    const fields = { requestId, side: this.side, callee: service, procedure: name, reason };
    this.log?.throttled(`${reason} ${name}`, fields, 'call refused');
  }

  ended({ rpc, requestId, durationMs, error }: EndedCall): void {
    const failure = error === undefined ? undefined : toAppError(error);
    const hasFailed = failure !== undefined && failure.status >= 500;
    if (!this.log || (!hasFailed && durationMs <= SLOW_MS)) return;
    const fields = {
      ...{ requestId, side: this.side, callee: rpc.service, procedure: rpc.name },
      ...{ code: failure?.code, reason: hasFailed ? reasonOf(error) : 'slow', durationMs: Math.round(durationMs) },
    };
    const message = hasFailed ? 'call failed' : 'slow call';
    this.log.throttled(`${message} ${this.side} ${rpc.name} ${failure?.code}`, fields, message);
  }
}
