// What a migration may not say, because it would hold up requests or the version that still runs beside it, and what to say
// instead. The rules are patterns on the text of each statement as the runner is about to run it, so they hold for
// generated SQL too. They do not see into functions that a statement calls, nor what a column that is dropped is used for.

export class MigrationRuleError extends Error {
  override readonly name = 'MigrationRuleError';
}

interface Rule {
  /** On the statement in lower case, on one line, without comments, quotes and the contents of strings. */
  when: RegExp;
  unless?: RegExp;
  /** Applies only inside a transaction (true) or outside one (false). */
  inTransaction?: boolean;
  /** Applies to tables that this migration has created itself, too. */
  toNewTables?: true;
  instead: string;
}

/** Up to the next subcommand of an `alter table`. */
const ADD_COLUMN = String.raw`\badd (?!constraint |check|foreign |unique|primary |exclude)(?:column )?(?:if not exists )?\w+ (?:[^,(]|\([^)]*\))*?`;
const VOLATILE = String.raw`(?:gen_random_uuid|uuidv\d|uuid_generate_\w+|random\w*|clock_timestamp|timeofday|nextval)`;
/** Evaluated once for the whole statement. */
const STABLE = String.raw`(?:now|transaction_timestamp|statement_timestamp|current_setting)`;
const clause = (prefix: string, rest: string) => new RegExp(`^alter table .*${prefix}${rest}`);

export const rules: readonly Rule[] = [
  {
    when: /^create (unique )?index (?!concurrently )/,
    instead:
      'it blocks writes while it builds: `create index concurrently if not exists`, in a class with `readonly transaction = false`',
  },
  {
    when: /^create (unique )?index concurrently (?!if not exists )/,
    toNewTables: true,
    instead: 'it could not run again after a crash: `create index concurrently if not exists`',
  },
  {
    when: /^drop index (?!concurrently )/,
    instead: 'it locks the table: `drop index concurrently if exists`, in a class with `readonly transaction = false`',
  },
  {
    when: /^drop index concurrently (?!if exists )/,
    toNewTables: true,
    instead: 'it could not run again after a crash: `drop index concurrently if exists`',
  },
  {
    when: /^((create (unique )?|drop )index|reindex .*?) ?concurrently /,
    inTransaction: true,
    toNewTables: true,
    instead: 'Postgres does this outside a transaction only: `readonly transaction = false` in the class',
  },
  {
    when: clause(
      String.raw`\badd\b.*`,
      String.raw`(\bcheck ?\(|\bforeign key\b|\breferences\b|constraint \w+ not null\b)`,
    ),
    unless: /\bnot valid\b/,
    instead:
      'it reads the whole table under a lock: `add constraint … not valid`, and `validate constraint` in a later migration',
  },
  {
    when: clause(String.raw`\badd\b.*`, String.raw`\b(unique|primary key|exclude)\b`),
    unless: /\busing index\b/,
    instead:
      'it builds an index under a lock: `create unique index concurrently` first, then `add constraint … using index`',
  },
  {
    when: clause(String.raw`\balter (column )?\w+ `, String.raw`(set data )?type\b`),
    instead: 'it rewrites the table under a lock: add a column, fill it in batches, read it, drop the old one later',
  },
  {
    when: clause(ADD_COLUMN, String.raw`\bdefault \(*(?!${STABLE}\()\w+ ?\(`),
    instead:
      'a default that differs by row rewrites the table: add the column without it, `set default`, fill it in batches',
  },
  {
    when: clause(ADD_COLUMN, String.raw`\bdefault\b.*\b${VOLATILE} ?\(`),
    instead:
      'a default that differs by row rewrites the table: add the column without it, `set default`, fill it in batches',
  },
  {
    when: clause(ADD_COLUMN, String.raw`(\bstored\b|\bas identity\b|\b(small|big)?serial\b)`),
    instead:
      'it rewrites the table under a lock: a plain column, kept by the writer or by a trigger, and filled in batches',
  },
  {
    when: clause(ADD_COLUMN, String.raw`\bnot null\b`),
    unless: /\bdefault\b/,
    instead:
      'it fails when there are rows, and the version before it does not fill the column: give it a default, or allow null',
  },
  {
    when: clause('', String.raw`\brename (column |to )`),
    instead: 'the version that runs beside it knows the old name: add the new one, fill it, drop the old one later',
  },
  {
    when: clause('', String.raw`\bset (logged|unlogged|tablespace|access method)\b`),
    instead: 'it rewrites the table under a lock',
  },
  {
    when: /^(with .* )?(update|delete from|merge into) /,
    inTransaction: true,
    instead:
      'rows stay locked until the end of the migration: batches() in a class of its own with `readonly transaction = false`',
  },
  {
    when: /^(with .* )?(update|delete from|merge into) /,
    inTransaction: false,
    unless: /\blimit\b/,
    instead: 'rows stay locked until the last one is done: batches() with a `limit`',
  },
  {
    when: /^(lock|truncate|cluster|vacuum full|vacuum \([^)]*full|reindex (?!.*concurrently)|refresh materialized view (?!concurrently))/,
    instead: 'it locks the whole table for as long as it takes',
  },
  {
    when: /^do\b/,
    toNewTables: true,
    instead: 'these rules cannot see into it: write the statements out',
  },
  {
    when: /^(begin|start transaction|commit|end|rollback|set (session |local )?(lock|statement)_timeout)\b/,
    toNewTables: true,
    instead: 'the runner does that',
  },
];

/** What `statement` works on, so that a rule need not apply to what the migration has made itself. */
const targets = [
  /^create (?:unique )?index .*? on (?:only )?([\w.]+)/,
  /^drop index (?:concurrently )?(?:if exists )?([\w.]+)/,
  /^alter table (?:if exists )?(?:only )?([\w.]+)/,
  /^(?:with .* )?(?:update|delete from|merge into) (?:only )?([\w.]+)/,
  /^truncate (?:table )?(?:only )?([\w.]+)/,
];

const VALIDATES = clause('', String.raw`\bvalidate constraint\b`);

export interface Situation {
  inTransaction: boolean;
  /** Tables and indexes as they were before the migration. */
  existed: ReadonlySet<string>;
  /** What the migration has run so far, as from `statementsIn`. */
  earlier: readonly string[];
}

/** Why `statement` may not run, and what may; undefined when it may. */
export function objectionTo(statement: string, { inTransaction, existed, earlier }: Situation): string | undefined {
  if (inTransaction && (VALIDATES.test(statement) ? earlier.length > 0 : earlier.some((text) => VALIDATES.test(text))))
    return 'validating reads the whole table, under the locks of the other statements: a migration of its own';
  const target = targets.map((pattern) => pattern.exec(statement)?.[1]).find((name) => name !== undefined);
  const isNew = target !== undefined && !existed.has(target.replace(/^.*\./, ''));
  return rules.find(
    (rule) =>
      rule.when.test(statement) &&
      !rule.unless?.test(statement) &&
      (rule.inTransaction === undefined || rule.inTransaction === inTransaction) &&
      (rule.toNewTables === true || !isNew),
  )?.instead;
}

/** Table and column of an `alter column … set not null`, which needs a check that Postgres has validated already. */
export function setNotNullIn(statement: string): { table: string; column: string } | undefined {
  const [, table, column] =
    /^alter table (?:if exists )?(?:only )?([\w.]+) .*\balter (?:column )?(\w+) set not null\b/.exec(statement) ?? [];
  return table && column ? { table, column } : undefined;
}

/** In the form that rules are written for. The bodies of functions are strings. */
export function statementsIn(sql: string): string[] {
  return sql
    .replace(/--.*|\/\*[\s\S]*?\*\/|(\$\w*\$)[\s\S]*?\1|'(?:[^']|'')*'/g, (text) => (/^['$]/.test(text) ? "''" : ' '))
    .replaceAll('"', '')
    .split(';')
    .map((statement) => statement.replace(/\s+/g, ' ').trim().toLowerCase())
    .filter((statement) => statement !== '');
}
