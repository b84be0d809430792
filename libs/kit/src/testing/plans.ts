// How Postgres would run statements if tables were large, for tests: what looks harmless on a hundred rows may read a million.
import pg from 'pg';
import type { TestDatabase } from './stores.js';

/** A table of which a plan must not read everything. */
const LARGE = 10_000;

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Plan Rows': number;
  'Total Cost': number;
  Plans?: Node[];
}

export interface Plan {
  text: string;
  cost: number;
  /** Large tables that are read from end to end, and large sorts. */
  faults: string[];
}

/** Makes the planner believe that every table has `factor` times the rows it has, until it is told otherwise. */
export async function pretendLarger(database: TestDatabase, factor: number): Promise<void> {
  await database.query('analyze');
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of tables) await database.query(`alter table "${name}" set (autovacuum_enabled = false)`);
  await database.query(
    `select pg_restore_relation_stats('schemaname', 'public', 'relname', relname::text,
       'relpages', greatest(relpages, 1), 'reltuples', (reltuples * $1)::real)
     from pg_class where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace and reltuples > 0`,
    [factor],
  );
}

export interface Recorder {
  /** The newest values of each statement that an application of that name has sent. */
  statements: Map<string, unknown[]>;
  stop(): void;
}

/** For connections that this process makes from now on. */
export function recordStatements(applicationName: string): Recorder {
  const statements = new Map<string, unknown[]>();
  const prototype = pg.Client.prototype as { query: (...args: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function (this: { connectionParameters?: { application_name?: string } }, ...args: unknown[]) {
    const [first, second] = args;
    const { text, values } = typeof first === 'string' ? { text: first, values: second } : (first as pg.QueryConfig);
    if (
      this.connectionParameters?.application_name === applicationName &&
      /^\s*(select|with|insert|update|delete)/i.test(text)
    )
      statements.set(text, Array.isArray(values) ? (values as unknown[]) : []);
    return query.apply(this, args);
  };
  return { statements, stop: () => void (prototype.query = query) };
}

/** The plans of recorded statements, the dearest first. */
export async function plansOf(database: TestDatabase, { statements }: Recorder): Promise<Plan[]> {
  const rows = await database.query<{ name: string; rows: number }>(
    `select relname as name, reltuples::float8 as rows from pg_class where relkind = 'r'`,
  );
  const sizes = new Map(rows.map(({ name, rows }) => [name, rows]));
  const plans: Plan[] = [];
  for (const [text, values] of statements) {
    const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(`explain (format json) ${text}`, values);
    const root = row!['QUERY PLAN'][0].Plan;
    plans.push({ text: text.replaceAll(/\s+/g, ' '), cost: root['Total Cost'], faults: faultsOf(root, sizes) });
  }
  return plans.sort((a, b) => b.cost - a.cost);
}

function faultsOf(node: Node, sizes: Map<string, number>): string[] {
  const children = node.Plans ?? [];
  const { 'Node Type': type, 'Relation Name': relation = '' } = node;
  const faults = children.flatMap((child) => faultsOf(child, sizes));
  if (type === 'Seq Scan' && (sizes.get(relation) ?? 0) >= LARGE) faults.push(`reads all of ${relation}`);
  if (type.endsWith('Sort') && children.some((child) => child['Plan Rows'] >= LARGE))
    faults.push(`sorts ${children[0]!['Plan Rows']} rows`);
  return faults;
}
