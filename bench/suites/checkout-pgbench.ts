// The floor of checkout: pgbench replays the statements that Postgres logged while the shop processed orders.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { placeReplicas } from '@shop/tools/replicas';
import { run, until } from '@shop/tools/processes';
import { databases, variableOf } from '@shop/tools/stores/stores';
import { Failure } from '@shop/tools/terminal';
import { startServices, type Stores } from './checkout-shop.ts';

/** Number of replayed orders, each for other products. */
const SAMPLES = 12;
const DEBIAN = '/usr/lib/postgresql';

export interface Floor {
  pgbench: string;
  url: string;
  scripts: string[];
  /** Statements per order. */
  statements: number;
}

export function findPgbench(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ];
  const found = folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path));
  if (!found) throw new Failure('pgbench was not found. It is part of PostgreSQL: apt-get install postgresql');
  return found;
}

export interface Recording {
  dir: string;
  stores: Stores;
  pgbench: string;
  /** Places one order and waits until it is paid. */
  placeOne(): Promise<void>;
}

/** Creates all tables in one database, with the data of the shop, and a script per recorded order. */
export async function preparePgbench({ dir, stores, pgbench, placeOne }: Recording): Promise<Floor> {
  const everythingThere = Object.fromEntries(databases.map((name) => [variableOf(name), stores.pgbenchUrl]));
  const places = (await placeReplicas({}, 'free'))
    .filter(({ service }) => service !== 'gateway')
    .filter(({ service }) => databases.some((name) => name === service));
  const migrating = await startServices(dir, { ...stores.env, ...everythingThere }, places);
  await migrating.stop();
  await stores.query('pgbench', 'update products set stock = 1000000000');

  const orders = await recorded(stores, placeOne);
  const scripts = orders.map((order, i) => {
    const file = join(dir, `order-${i}.sql`);
    writeFileSync(file, scriptOf(order));
    return file;
  });
  return { pgbench, url: stores.pgbenchUrl, scripts, statements: orders[0]!.length };
}

export async function ordersPerSecondOf(
  { pgbench, url, scripts }: Floor,
  clients: number,
  seconds: number,
): Promise<number> {
  const options = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds)];
  const { code, output } = await run([pgbench, ...options, ...scripts.flatMap((file) => ['-f', file]), url]);
  const tps = /^tps = ([\d.]+)/m.exec(output)?.[1];
  if (code !== 0 || tps === undefined || /aborted/.test(output)) throw new Error(output);
  return Number(tps);
}

interface Statement {
  text: string;
  /** SQL literals. */
  values: string[];
}

/** The statements of some orders, in sequence. Sweeps, which look for stuck orders and find none, are left out. */
async function recorded(stores: Stores, placeOne: () => Promise<void>): Promise<Statement[][]> {
  const settings = { log_min_duration_statement: '0', log_line_prefix: `'%m '`, log_parameter_max_length: '-1' };
  for (const [name, value] of Object.entries(settings))
    await stores.query('postgres', `alter system set ${name} = ${value}`);
  await stores.query('postgres', 'select pg_reload_conf()');
  const shown = async () =>
    (await stores.query('postgres', `select where current_setting('log_min_duration_statement') = '0'`)).length === 1;
  await until(shown, 5000);
  const from = readFileSync(stores.postgresLog).length;
  const known = await ids(stores);
  for (let i = 0; i < SAMPLES; i++) await placeOne();
  const placed = [...(await ids(stores))].filter((id) => !known.has(id));
  for (const name of Object.keys(settings)) await stores.query('postgres', `alter system reset ${name}`);
  await stores.query('postgres', 'select pg_reload_conf()');

  const statements = logged(readFileSync(stores.postgresLog).subarray(from).toString());
  const orders = placed.map((id) => statements.filter(({ values }) => values.some((value) => value.includes(id))));
  if (new Set(orders.map((order) => order.length)).size !== 1)
    throw new Error(`orders ran different numbers of statements: ${orders.map((order) => order.length).join(', ')}`);
  return orders;
}

async function ids(stores: Stores): Promise<Set<string>> {
  return new Set((await stores.query<{ id: string }>('orders', 'select id from orders')).map(({ id }) => id));
}

/** Prepared statements with their values, from the server's log. */
function logged(log: string): Statement[] {
  return log.split(/^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/m).flatMap((entry, i, entries) => {
    const text = /LOG: {2}duration: [\d.]+ ms {2}execute [^:]+: (.*)$/s.exec(entry)?.[1];
    if (text === undefined) return [];
    const values = /DETAIL: {2}parameters: (.*)$/is.exec(entries[i + 1] ?? '')?.[1] ?? '';
    return [
      { text, values: [...values.matchAll(/\$\d+ = (NULL|'(?:[^']|'')*')/g)].map(([, value]) => unfolded(value!)) },
    ];
  });
}

/** The log indents the second and further lines of a text with a tab. */
const unfolded = (text: string) => text.replaceAll('\n\t', '\n');

/**
 * The same statements in the same sequence, for a new order each time: ids are generated as the services do, all other values
 * are those recorded.
 */
function scriptOf(order: Statement[]): string {
  const [insert, ...others] = order;
  const id = insert!.values[0]!;
  const key = insert!.values[2]!;
  const uuid = /^'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}'$/;
  const first = filled(insert!, (value) => {
    if (value === id) return 'uuidv7()';
    return value === key ? 'gen_random_uuid()::text' : value;
  });
  const customer = insert!.values[1]!;
  const rest = others.map((statement) =>
    filled(statement, (value) => {
      if (value === id) return ':id';
      if (value.includes(id.slice(1, -1))) return `${value.replace(id.slice(1), `'`)} || :id`;
      return uuid.test(value) && value !== customer ? 'uuidv7()' : value;
    }),
  );
  return [`${first}, id \\gset`, ...rest.map((text) => `${text};`)].join('\n');
}

function filled({ text, values }: Statement, valueOf: (value: string) => string): string {
  return unfolded(text)
    .trim()
    .replace(/\$(\d+)/g, (_, n: string) => {
      const value = values[Number(n) - 1]!;
      const made = valueOf(value);
      return made === value ? escaped(value) : made;
    });
}

/** pgbench substitutes `:name`, even inside a literal. */
function escaped(literal: string): string {
  const isJson = /^'[[{]/.test(literal);
  return literal.replace(/:(?=[A-Za-z_])/g, isJson ? ': ' : `:' || '`);
}
