import { Injectable, type LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import { currentContext } from './context.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines on standard output, buffered: a line may be up to a second old when it is written, and none is lost at exit. */
@Injectable()
export class Log implements LoggerService {
  private readonly destination = pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 1000 });
  readonly pino: Logger;

  constructor(level: LogLevel, service: string) {
    this.pino = pino(
      { level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime, mixin: requestFields },
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
  /** Nest's own start-up chatter; ours is one line. */
  log(...entry: LogEntry): void {
    this.write('debug', entry);
  }

  /** Also resolves when nothing can be written: standard output may be gone. (flushSync would try that for ever.) */
  flush(): Promise<void> {
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

function requestFields(): object {
  const requestId = currentContext()?.requestId;
  return requestId === undefined ? {} : { requestId };
}
