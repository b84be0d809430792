// Databases of their own for tests, on the servers that the test run started.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testEnv } from './testing.config.js';

export interface TestDatabase {
  url: string;
  /** For what a test wants to see or break behind the service's back. */
  query<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
  /** Runs one statement in a transaction that keeps its locks until the answered function is called. */
  lock(text: string, values?: unknown[]): Promise<() => Promise<void>>;
  drop(): Promise<void>;
}

/** An empty database with a name of its own; drop() it at the end. */
export async function createTestDatabase(name: string): Promise<TestDatabase> {
  const server = new URL(testEnv().TEST_POSTGRES_URL);
  const database = `${name.replaceAll('-', '_')}_${randomBytes(5).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server.href });
  await admin.connect();
  await admin.query(`create database "${database}"`);
  const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => undefined);
  return {
    url,
    query: async (text, values) => (await pool.query(text, values)).rows,
    lock: async (text, values) => {
      const client = await pool.connect();
      await client.query('begin');
      await client.query(text, values);
      return async () => {
        await client.query('rollback');
        client.release();
      };
    },
    drop: async () => {
      await pool.end();
      await admin.query(`drop database "${database}" with (force)`);
      await admin.end();
    },
  };
}

/**
 * An address on the test run's Redis. Projects are tested at the same time, so each has databases of its own: accounts 2,
 * catalog 3 and 4, orders 5 and 6, payments 7 and 8, gateway 9 and 10, kit 11 and 12, all 13 and 14,
 * image-worker 15.
 */
export function testRedisUrl(database: number): string {
  return Object.assign(new URL(testEnv().TEST_REDIS_URL), { pathname: `/${database}` }).href;
}
