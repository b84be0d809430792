// Says in the log what a migration waits for.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Query } from './database-lock.js';
import type { Log } from './log.js';

/** Sooner than lock_timeout ends the waiting. */
const FIRST_LOOK_MS = 200;
const LOOK_MS = 5000;
const REPORT_EVERY_MS = 30_000;
/** Another process that starts too is done by then. */
const SHORT_TURN_MS = 2000;
const MAX_TEXT = 200;

interface Blocker {
  pid: number;
  application: string;
  user: string;
  state: string;
  /** Of its transaction. */
  seconds: number;
  query: string;
}

const blockers = `
  select pid, application_name as application, usename as user, state,
    extract(epoch from now() - xact_start)::integer as seconds, left(query, ${MAX_TEXT}) as query
  from pg_stat_activity`;

export class LockWatch {
  private readonly createdAt = performance.now();
  private reportedAt = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: Pick<Log, 'warn'>,
  ) {}

  /** `statement` runs in the session `pid`. The first time that something blocks it is logged, then one every 30 s. */
  async during<T>(migration: string, statement: string, pid: number, run: () => Promise<T>): Promise<T> {
    const end = new AbortController();
    void this.look({ migration, statement: statement.trim().slice(0, MAX_TEXT) }, pid, end.signal);
    try {
      return await run();
    } finally {
      end.abort();
    }
  }

  /** Called while another session holds the lock of this name: another process migrates, or did and its statement goes on. */
  async turn(query: Query, lock: string): Promise<void> {
    const now = performance.now();
    if (now - this.createdAt < SHORT_TURN_MS || now - this.reportedAt < REPORT_EVERY_MS) return;
    const holders = await query(
      `${blockers} where pid in (select pid from pg_locks where locktype = 'advisory' and granted
         and database = (select oid from pg_database where datname = current_database())
         and objid::bigint = hashtext($1)::bigint & 4294967295)`,
      [lock],
    );
    if (holders.length > 0) this.report({ blockers: holders });
  }

  report(fields: object): void {
    const now = performance.now();
    if (now - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = now;
    this.log.warn(fields, 'A migration waits for a lock');
  }

  private async look(fields: object, pid: number, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    try {
      for (let pause = FIRST_LOOK_MS; ; pause = LOOK_MS) {
        await sleep(pause, undefined, { signal });
        const blockers = await this.blockersOf(pid);
        const waitedSeconds = Math.round((performance.now() - startedAt) / 100) / 10;
        if (!signal.aborted && blockers.length > 0) this.report({ ...fields, waitedSeconds, blockers });
      }
    } catch {
      // The statement has ended, or Postgres cannot be asked: then the statement says why.
    }
  }

  private blockersOf(pid: number): Promise<Blocker[]> {
    return this.dataSource.query(`${blockers} where pid = any(pg_blocking_pids($1))`, [pid]);
  }
}
