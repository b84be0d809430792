import { Injectable, type LoggerService } from '@nestjs/common';
import { currentContext } from '@shop/rpc/context';
import { pino, type DestinationStream, type Logger } from 'pino';
import { LogThrottle, type ThrottleOptions } from './log-throttle.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines on standard output, buffered: a line may be up to a second old when it is written, and none is lost at exit. */
@Injectable()
export class Log implements LoggerService {
  private readonly destination = pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 1000 });
  readonly pino: Logger;
  private readonly throttle = new LogThrottle((fields, message) => this.pino.warn(fields, message));

  constructor(level: LogLevel, service: string) {
    this.pino = pino(
      {
        level,
        base: { service },
        timestamp: pino.stdTimeFunctions.isoTime,
        mixin: requestFields,
        serializers: { err },
      },
      this.destination as DestinationStream,
    );
  }

  debug(...entry: LogEntry): void {
    this.write('debug', entry);
  }
  info(...entry: LogEntry): void {
    this.write('info', entry);
  }
  warn(...entry: LogEntry): void {
    this.write('warn', entry);
  }
  error(...entry: LogEntry): void {
    this.write('error', entry);
  }
  /**
   * A warning that an outage would repeat thousands of times. The first lines of a kind are written at once, by default ten
   * in ten seconds; further ones are counted, and once per interval a line says how many (`repeated`) with the fields and
   * the request id of the latest. `kind` is what makes two lines the same, such as a procedure and a code: never an id.
   * For one line when an outage begins and one a minute while it lasts: `{ burst: 1, everyMs: 60_000 }`.
   */
  throttled(kind: string, fields: object, message: string, options?: ThrottleOptions): void {
    // Said although undefined: a timer runs in the context of whichever request started it.
    this.throttle.add(kind, { requestId: currentContext()?.requestId, ...fields }, message, options);
  }

  /** Nest's own start-up chatter; ours is one line. */
  log(...entry: LogEntry): void {
    this.write('debug', entry);
  }

  /** Also resolves when nothing can be written: standard output may be gone. (flushSync would try that for ever.) */
  flush(): Promise<void> {
    this.throttle.flush();
    return new Promise((resolve) => this.destination.flush(() => resolve()));
  }

  private write(level: 'debug' | 'info' | 'warn' | 'error', [what, ...rest]: LogEntry): void {
    const [first, last] = [rest[0], rest.at(-1)].map((text) => (typeof text === 'string' ? text : undefined));
    if (what instanceof Error) this.pino[level]({ err: what }, first ?? what.message);
    else if (typeof what === 'object' && what !== null) this.pino[level](what, first);
    else this.pino[level]({ context: last }, String(what));
  }
}

/** (fields or error, message) of ours, or (message, …, context) of Nest's. */
type LogEntry = [what: unknown, ...rest: unknown[]];

/** Fields of a database error that hold values of rows or statements, such as e-mail addresses. */
const valuesOfErrors = ['parameters', 'driverError', 'detail', 'where'];

function err(error: Error): object {
  const fields = Object.entries(pino.stdSerializers.err(error));
  return Object.fromEntries(fields.filter(([name]) => !valuesOfErrors.includes(name)));
}

function requestFields(): object {
  const requestId = currentContext()?.requestId;
  return requestId === undefined ? {} : { requestId };
}
