// A procedure at the server that executes it.
import { Logger } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import { isObservable, lastValueFrom } from 'rxjs';
import { runInContext, type RequestContext } from './context.js';
import { AppError, invalidRequest, toAppError } from './errors.js';
import { SLOW_MS, type CallLog } from './call-log.js';
import { Durations } from './durations.js';

const logger = new Logger('RPC');

export class Target {
  readonly durations = new Durations();
  /** ok; refused: with an AppError; failed: with anything else; overloaded: not begun; expired: past its deadline, not begun. */
  readonly outcomes = { ok: 0, refused: 0, failed: 0, overloaded: 0, expired: 0 };

  constructor(
    readonly rpc: Procedure,
    private readonly handle: MessageHandler,
    private readonly log: CallLog,
  ) {}

  /** Rejects only with an AppError. */
  async answer(input: unknown, context: RequestContext): Promise<unknown> {
    const startedAt = performance.now();
    let failure: AppError | undefined;
    try {
      const result = await runInContext(context, () => this.run(input, context));
      this.outcomes.ok += 1;
      return result;
    } catch (error) {
      failure = runInContext(context, () => this.refusal(error));
      throw failure;
    } finally {
      const durationMs = performance.now() - startedAt;
      this.durations.observe(durationMs);
      if (failure || durationMs > SLOW_MS)
        this.log.ended({ rpc: this.rpc, requestId: context.requestId, durationMs, error: failure });
    }
  }

  /** The queue is full, or the call's deadline passed in it. */
  notBegun(outcome: 'overloaded' | 'expired', requestId: string): void {
    this.outcomes[outcome] += 1;
    this.log.notBegun(this.rpc, requestId, outcome);
  }

  private async run(input: unknown, context: RequestContext): Promise<unknown> {
    const checked = this.rpc.input.safeParse(input);
    if (!checked.success) throw invalidRequest(checked.error.issues);
    const result: unknown = await this.handle(checked.data, context);
    // Nest returns an Observable when a filter or an interceptor is involved.
    return isObservable(result) ? lastValueFrom(result) : result;
  }

  /** A bug is logged with its stack here, where it happened; the caller sees only `internal`. */
  private refusal(error: unknown): AppError {
    const refusal = toAppError(error);
    this.outcomes[refusal === error ? 'refused' : 'failed'] += 1;
    if (refusal !== error && refusal.code === 'internal')
      logger.error({ err: error, procedure: this.rpc.name }, 'a procedure failed');
    return refusal;
  }
}
