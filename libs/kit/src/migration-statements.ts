// Each statement of a migration on its way to Postgres: checked against the rules, with the lock_timeout it should have, and
// without the invalid indexes that a build leaves behind when it is interrupted.
import type { QueryRunner } from 'typeorm';
import type { LockWatch } from './lock-watch.js';
import { MigrationRuleError, objectionTo, setNotNullIn, statementsIn, type Situation } from './migration-rules.js';

/**
 * How long a statement may wait for a lock. Whatever asks for the same table after it queues behind it, even if it would
 * get along with those that hold the lock, so this is what a migration may add to a request.
 */
export const LOCK_TIMEOUT_MS = 500;

/** Shipped before there were rules. */
const olderThanTheRules = new Set([
  'CreatePictures1763800000003',
  'CountAttempts1763800000004',
  'WithdrawOrders1763769600003',
  'ListRareOrders1763769600005',
  'PruneProviderEvents1763769600006',
]);

/** Waits for others, sometimes for as long as a dump takes, and holds up neither reads nor writes meanwhile. */
const CONCURRENT = /^(?:create (?:unique )?index|drop index|reindex .*?) ?concurrently /;
const BUILT_INDEX = /create\s+(?:unique\s+)?index\s+concurrently\s+if\s+not\s+exists\s+("[^"]+"|\w+)/i;

type Query = (text: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>;

export class MigrationStatements {
  constructor(
    private readonly runner: QueryRunner,
    private readonly pid: number,
    private readonly watch: LockWatch,
  ) {}

  /** All statements that go through the runner while `work` lasts belong to `migration`. */
  async during<T>(migration: string, work: () => Promise<T>): Promise<T> {
    const { runner } = this;
    const original = runner.query;
    const query = original.bind(runner) as Query;
    const situation = await this.situation(query);
    const one: Query = async (text, ...rest) => {
      if (!olderThanTheRules.has(migration)) await this.check(migration, text, situation, query);
      return this.watch.during(migration, text, this.pid, () => run(text, () => query(text, ...rest), query));
    };
    runner.query = one as typeof original;
    try {
      return await work();
    } finally {
      runner.query = original;
    }
  }

  private async situation(query: Query): Promise<Situation & { earlier: string[] }> {
    const rows = (await query('select relname from pg_class where relnamespace = current_schema()::regnamespace')) as {
      relname: string;
    }[];
    const existed = new Set(rows.map(({ relname }) => relname.toLowerCase()));
    return { inTransaction: this.runner.isTransactionActive, existed, earlier: [] };
  }

  private async check(
    migration: string,
    text: string,
    situation: Situation & { earlier: string[] },
    query: Query,
  ): Promise<void> {
    for (const statement of statementsIn(text)) {
      const instead = objectionTo(statement, situation) ?? (await objectionToNotNull(statement, situation, query));
      if (instead)
        throw new MigrationRuleError(`${migration} may not run beside live traffic.\n  ${statement}\n  ${instead}`);
      situation.earlier.push(statement);
    }
  }
}

async function objectionToNotNull(
  statement: string,
  { existed }: Situation,
  query: Query,
): Promise<string | undefined> {
  const { table, column } = setNotNullIn(statement) ?? {};
  if (!table || !existed.has(table)) return undefined;
  const proofs = (await query(
    `select from pg_constraint where conrelid = to_regclass($1) and contype = 'c' and convalidated
     and pg_get_constraintdef(oid) = format('CHECK ((%I IS NOT NULL))', $2::text)`,
    [table, column],
  )) as unknown[];
  if (proofs.length > 0) return undefined;
  return `it reads the whole table under a lock, unless \`check (${column} is not null)\` was added \`not valid\` and validated before`;
}

async function run(text: string, statement: () => Promise<unknown>, query: Query): Promise<unknown> {
  if (!statementsIn(text).some((statement) => CONCURRENT.test(statement))) return statement();
  const index = BUILT_INDEX.exec(text)?.[1];
  await query('set lock_timeout = 0');
  try {
    if (index) await dropInvalid(index, query);
    return await statement();
  } catch (error) {
    // It is not read, but written, and if it is unique it refuses rows.
    if (index) await dropInvalid(index, query).catch(() => undefined);
    throw error;
  } finally {
    await query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`).catch(() => undefined);
  }
}

/** As only the holder of the migrations' lock builds indexes, none of them is being built now. */
async function dropInvalid(index: string, query: Query): Promise<void> {
  const invalid = await query('select from pg_index where indexrelid = to_regclass($1) and not indisvalid', [index]);
  if ((invalid as unknown[]).length > 0) await query(`drop index concurrently if exists ${index}`);
}
