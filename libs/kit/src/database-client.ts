// The connections of a pool: a statement ends with its caller's deadline, and one that fails or is slow leaves a line in the log.
import { connect } from 'node:net';
import { currentContext } from '@shop/rpc/context';
import { Deadlines } from '@shop/rpc/deadlines';
import pg from 'pg';
import type { Log } from './log.js';
import { counter } from './metrics.js';

const SLOW_MS = 500;
/** Of a statement's text, in the log. */
const NAME_LENGTH = 120;

/** SQLSTATE of a statement that was cancelled, by us or by statement_timeout. */
const CANCELLED = '57014';
/** A violated constraint is an answer to the caller, who expects it. */
const isAnswer = (code: unknown) => typeof code === 'string' && code.startsWith('23');

/** These end a transaction, or begin one in which the next statement is checked. */
const transactionControl = /^\s*(begin|start|commit|rollback|savepoint|release)\b/i;

const CANCEL_REQUEST_CODE = 80877102;
const CANCEL_CONNECT_MS = 1000;

type Send = (...args: unknown[]) => Promise<unknown>;
type Callback = (error: Error | undefined, result?: unknown) => void;

const deadlines = new Deadlines();
const overDeadline = counter(
  'postgres_statements_over_deadline_total',
  'Statements cancelled while running, or not begun, because the deadline of their caller had passed',
  ['database', 'when'],
);

/** For a pool's option `Client`, so that it holds for every statement, TypeORM's own included. */
export function clientClass(database: string, log: Pick<Log, 'throttled'>): typeof pg.Client {
  return class StatementClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      const send = this.query.bind(this) as Send;
      this.query = ((...args: unknown[]) => this.watch(send, args)) as typeof this.query;
    }

    private watch(send: Send, args: unknown[]): unknown {
      const text = textOf(args[0]);
      if (text === undefined || transactionControl.test(text)) return send(...args);
      const at = args.findIndex((arg) => typeof arg === 'function');
      const callback = args[at] as Callback | undefined;
      const statement = new Statement(this, database, text, log);
      if (statement.isLate) {
        const error = statement.refuse();
        return callback ? void process.nextTick(callback, error) : Promise.reject(error);
      }
      statement.begin();
      if (callback) {
        const ended: Callback = (error, result) => {
          statement.ended(error);
          callback(error, result);
        };
        return send(...args.with(at, ended));
      }
      const answer = send(...args);
      return answer.then(
        () => (statement.ended(), answer),
        (error: Error) => (statement.ended(error), answer),
      );
    }
  };
}

/** Undefined for a query object of the caller's own, such as a stream. */
function textOf(query: unknown): string | undefined {
  if (typeof query === 'string') return query;
  const { text, submit } = query as { text?: string; submit?: unknown };
  return submit === undefined ? text : undefined;
}

class Statement {
  readonly deadlineAt = currentContext()?.deadlineAt ?? Infinity;
  private readonly startedAt = performance.now();
  private state: 'running' | 'cancelling' | 'ended' = 'running';
  private cancelSent = false;

  constructor(
    private readonly client: pg.Client,
    private readonly database: string,
    private readonly text: string,
    private readonly log: Pick<Log, 'throttled'>,
  ) {}

  get isLate(): boolean {
    return this.deadlineAt <= this.startedAt;
  }

  refuse(): Error {
    overDeadline.inc({ database: this.database, when: 'before' });
    this.write('statement failed', 'the deadline of its caller had passed before it began');
    // An outage to those above, like a statement that was cancelled.
    return Object.assign(new Error('the deadline of its caller had passed'), { code: CANCELLED });
  }

  begin(): void {
    if (this.deadlineAt < Infinity) deadlines.add(this);
  }

  /** Called by `deadlines`. */
  expire(): void {
    this.state = 'cancelling';
    overDeadline.inc({ database: this.database, when: 'running' });
    this.cancel();
  }

  ended(error?: Error): void {
    const wasCancelled = this.state === 'cancelling';
    this.state = 'ended';
    deadlines.delete(this);
    const code = (error as { code?: unknown } | undefined)?.code;
    // Not by statement_timeout in the same moment, which has this code too.
    const byDeadline = wasCancelled && code === CANCELLED && /user request/.test(error!.message);
    // The request to cancel is still under way and would hit the next statement of this connection: no pool takes it back.
    if (this.cancelSent && !byDeadline) void this.client.end().catch(() => undefined);
    if (byDeadline) this.write('statement failed', 'cancelled at the deadline of its caller');
    else if (error && !isAnswer(code)) this.write('statement failed', error.message);
    else if (performance.now() - this.startedAt > SLOW_MS) this.write('slow statement', 'slow');
  }

  /** As the protocol has it: on a connection of its own, without logging in. */
  private cancel(): void {
    const { host, port, processID, secretKey } = this.client as pg.Client & { processID: number; secretKey: number };
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    socket.setTimeout(CANCEL_CONNECT_MS, () => socket.destroy());
    socket.on('error', () => undefined); // Nothing is cancelled then: statement_timeout remains.
    socket.on('connect', () => {
      if (this.state === 'ended') return void socket.destroy();
      const packet = Buffer.alloc(16);
      [packet.length, CANCEL_REQUEST_CODE, processID, secretKey].forEach((value, i) =>
        packet.writeInt32BE(value, 4 * i),
      );
      this.cancelSent = true;
      socket.end(packet);
    });
  }

  private write(message: string, reason: string): void {
    const statement = this.text.trim().replace(/\s+/g, ' ').slice(0, NAME_LENGTH);
    const durationMs = Math.round(performance.now() - this.startedAt);
    this.log.throttled(`${statement} ${reason}`, { database: this.database, statement, durationMs, reason }, message);
  }
}
