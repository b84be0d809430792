// A procedure at the end that carries it out.
import { Logger } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import type { Rpc as Procedure } from '@shop/contracts/rpc';
import { isObservable, lastValueFrom } from 'rxjs';
import { runInContext, type RequestContext } from '../context.js';
import { AppError, invalidRequest, toAppError } from '../errors.js';
import { isOutage } from '../outage.js';
import { Durations } from './rpc-metrics.js';

const logger = new Logger('RPC');

export class Target {
  readonly durations = new Durations();
  /** ok; refused: with an AppError; failed: with anything else; overloaded: not started; expired: nobody waited any more. */
  readonly outcomes = { ok: 0, refused: 0, failed: 0, overloaded: 0, expired: 0 };

  constructor(
    private readonly rpc: Procedure,
    private readonly handle: MessageHandler,
  ) {}

  /** Rejects with nothing but an AppError. */
  async answer(input: unknown, context: RequestContext): Promise<unknown> {
    const startedAt = performance.now();
    try {
      const result = await runInContext(context, () => this.run(input, context));
      this.outcomes.ok += 1;
      return result;
    } catch (error) {
      throw runInContext(context, () => this.refusal(error));
    } finally {
      this.durations.observe(performance.now() - startedAt);
    }
  }

  private async run(input: unknown, context: RequestContext): Promise<unknown> {
    const checked = this.rpc.input.safeParse(input);
    if (!checked.success) throw invalidRequest(checked.error.issues);
    const result: unknown = await this.handle(checked.data, context);
    // Nest answers with an Observable where a filter or an interceptor had a hand in it.
    return isObservable(result) ? lastValueFrom(result) : result;
  }

  /** Of what is thrown but no AppError, a bug is written down whole here, where it can be mended; the caller is told neither. */
  private refusal(error: unknown): AppError {
    if (error instanceof AppError) {
      this.outcomes.refused += 1;
      return error;
    }
    this.outcomes.failed += 1;
    const procedure = this.rpc.name;
    // An outage fails many calls at the same place for the same reason: its stack tells nothing.
    if (isOutage(error)) logger.warn({ procedure, outage: wordsOf(error as NodeJS.ErrnoException) }, 'a store is out');
    else logger.error({ err: error, procedure }, 'a procedure failed');
    return toAppError(error);
  }
}

/** An AggregateError, of a host with several addresses, has a code but no message. */
function wordsOf({ message, code }: NodeJS.ErrnoException): string {
  return message || String(code);
}
