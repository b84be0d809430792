// Locks by name among all processes of one database, for work that only one of them may do at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';

const CONNECT_MS = 2000;
const POLL_MS = 100;

/** A session whose machine has vanished would hold its locks for two hours, the default of TCP. */
export const endWhenPeerIsGone =
  'set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3';

export type Query = (text: string, values?: unknown[]) => Promise<unknown[]>;

/**
 * Resolves once the session behind `query` holds the lock, until it ends or unlocks. It polls: `create index concurrently`
 * waits for every older statement, and one that waits inside pg_advisory_lock for the lock of whoever builds the index
 * would never end. `waiting` is called after each attempt that fails.
 */
export async function acquireLock(query: Query, name: string, waiting?: () => Promise<void>): Promise<void> {
  const text = 'select pg_try_advisory_lock(hashtext($1)) as acquired';
  for (;;) {
    const [row] = (await query(text, [name])) as { acquired: boolean }[];
    if (row!.acquired) return;
    await waiting?.();
    await sleep(POLL_MS * (0.5 + Math.random()));
  }
}

/** Runs `work` while no other process of this database runs work under the same name. */
export async function withLock<T>(dataSource: DataSource, name: string, work: () => Promise<T>): Promise<T> {
  // A connection of its own: it waits as long as the others work, and the lock ends with it, whatever happens.
  const { url } = dataSource.options as { url: string };
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  let lost: Error | undefined;
  client.on('error', (error) => (lost = error));
  try {
    await client.connect();
    await client.query(endWhenPeerIsGone);
    await acquireLock(async (text, values) => (await client.query(text, values)).rows as unknown[], name);
    const result = await work();
    // Asked, because it may have ended without our having heard of it yet.
    await client.query('select 1').catch((error: Error) => {
      throw lost ?? error;
    });
    return result;
  } finally {
    await client.end().catch(() => undefined);
  }
}
