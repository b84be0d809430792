// npm run reconcile [-- --every SECONDS --port PORT]: compares the records of the services; exit code 1 for a disagreement.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { claim, dataDir, Occupied } from './data-dir.ts';
import { main } from './interrupt.ts';
import { build } from './nx.ts';
import { chargesIn, listChargesScript } from './reconcile/provider-charges.ts';
import { reconcileInRounds } from './reconcile/rounds.ts';
import { reconcile, type ReconcileOptions } from './reconcile/reconciliation.ts';
import { idAt, LAST, timeOf } from './reconcile/streams.ts';
import { startPostgres } from './stores/postgres.ts';
import { databases, variableOf } from './stores/stores.ts';
import { Failure } from './terminal.ts';

const usage = `npm run reconcile                             compares everything once; exit code 1 for a disagreement
npm run reconcile -- --every 60 --port 9110   in rounds: new and unfinished orders, and the next 5,000 of all;
                                              with Prometheus metrics on that port
  --from 2026-11-01   without --every: orders since that time, or after the order with that id
  --grace 5           seconds after which a disagreement is checked again before it is reported
  --stuck 3600        seconds after which an order or a refund that is not final is reported
  --since 7           days of the payment provider's charges to compare
  --state FILE        with --every: stores the progress, to resume after a restart (${join('DATA_DIR', 'reconcile.json')})`;

const PROGRESS_MS = 10_000;

await main(async ({ asked }) => {
  const { every, port, grace, stuck, since, state, from } = args();
  if (!existsSync(listChargesScript)) await build({ projects: ['payments'], signal: asked });
  return withDatabases(async (urls) => {
    const options = { urls, graceSeconds: grace, stuckSeconds: stuck, sinceDays: since };
    if (every === undefined) return once(options, from, asked);
    await reconcileInRounds(options, { everySeconds: every, port, stateFile: state, end: asked });
    return 0;
  });
});

function args() {
  const number = (text: string | undefined) => {
    if (text !== undefined && !(Number(text) >= 0)) throw new Failure(`"${text}" is not a number.\n${usage}`);
    return text === undefined ? undefined : Number(text);
  };
  try {
    const option = { type: 'string' } as const;
    const names = ['every', 'port', 'grace', 'stuck', 'since', 'state', 'from'] as const;
    const options = Object.fromEntries(names.map((name) => [name, option])) as Record<
      (typeof names)[number],
      typeof option
    >;
    const { every, port, grace = '5', stuck = '3600', since = '7', state, from } = parseArgs({ options }).values;
    if (every !== undefined && !(Number(every) > 0)) throw new Failure(`--every takes seconds, more than 0.\n${usage}`);
    if (every === undefined && (port ?? state) !== undefined)
      throw new Failure(`--port and --state belong to --every.\n${usage}`);
    if (every !== undefined && from !== undefined) throw new Failure(`--from does not go with --every.\n${usage}`);
    return {
      ...{ every: number(every), port: number(port), from: from === undefined ? undefined : idOf(from) },
      ...{ grace: number(grace)!, stuck: number(stuck)!, since: number(since)! },
      state: state ?? join(dataDir, 'reconcile.json'),
    };
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`${(error as Error).message}\n${usage}`);
  }
}

/** An order's id, or the lowest id of a time. */
function idOf(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new Failure(`"${text}" is neither a time nor the id of an order.\n${usage}`);
  return idAt(time);
}

async function once(options: ReconcileOptions, from: string | undefined, end: AbortSignal): Promise<number> {
  let saidAt = performance.now();
  const progress = (upTo: string, orders: number) => {
    if (upTo === LAST || performance.now() - saidAt < PROGRESS_MS) return;
    saidAt = performance.now();
    console.error(`… ${orders} orders, up to ${new Date(timeOf(upTo)).toISOString().slice(0, 10)} (${upTo})`);
  };
  const { orders, listing, disagreements, stoppedAt } = await reconcile(options, { from, end, progress });
  for (const line of disagreements) console.log(line);
  if (stoppedAt) console.log(`Stopped before the end. To resume: npm run reconcile -- --from ${stoppedAt}`);
  console.log(`${orders} orders, ${chargesIn(listing)}, ${disagreements.length} disagreements`);
  return disagreements.length === 0 && !stoppedAt ? 0 : 1;
}

/** The configured databases, those of the running shop, or those in DATA_DIR, started temporarily. */
async function withDatabases<T>(work: (urls: ReconcileOptions['urls']) => Promise<T>): Promise<T> {
  const given = (name: string) => process.env[variableOf(name)] || undefined;
  const [orders, catalog, payments] = [given('orders'), given('catalog'), given('payments')];
  if (orders && catalog && payments) return work({ orders, catalog, payments });
  if (!existsSync(join(dataDir, 'postgres'))) throw new Failure(`There is no shop in ${dataDir}.`);
  const mine = await claim(dataDir, 'npm run reconcile').catch((error: unknown) => {
    if (error instanceof Occupied && error.address) return undefined; // use the Postgres of the running shop
    throw error;
  });
  try {
    const { urls, stop } = await startPostgres({ dir: join(dataDir, 'postgres'), databases });
    const url = (name: string) => given(name) ?? urls[name] ?? '';
    try {
      return await work({ orders: url('orders'), catalog: url('catalog'), payments: url('payments') });
    } finally {
      if (mine) await stop();
    }
  } finally {
    await mine?.release();
  }
}
