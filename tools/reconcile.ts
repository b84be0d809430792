// npm run reconcile [-- --every SECONDS --port PORT]: compares what the services wrote down; exit code 1 when anything disagrees.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { claim, dataDir, Occupied } from './data-dir.ts';
import { main } from './interrupt.ts';
import { build } from './nx.ts';
import { chargesIn, listChargesScript } from './provider-charges.ts';
import { reconcileInRounds } from './reconcile-rounds.ts';
import { reconcile, type ReconcileOptions } from './reconciliation.ts';
import { idAt, LAST, timeOf } from './reconciliation-streams.ts';
import { startPostgres } from './stores/postgres.ts';
import { databases, variableOf } from './stores/stores.ts';
import { Failure } from './terminal.ts';

const usage = `npm run reconcile                             once, everything; exit code 1 when anything disagrees
npm run reconcile -- --every 60 --port 9110   in rounds: what is new or under way, and the next 5,000 of everything;
                                              with Prometheus metrics on that port
  --from 2026-11-01   once: orders from then on; or, to go on, from after the order of that id
  --grace 5           seconds after which what disagrees is looked at again
  --stuck 3600        seconds after which an order or a refund that is not final is reported
  --since 7           days of which the payment provider's charges are compared
  --state FILE        in rounds: keeps how far they are, to go on there (${join('DATA_DIR', 'reconcile.json')})`;

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

/** An order's id, or a time that ids begin with. */
function idOf(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new Failure(`"${text}" is neither a time nor an order's id.\n${usage}`);
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
  if (stoppedAt) console.log(`Not everything was compared. To go on: npm run reconcile -- --from ${stoppedAt}`);
  console.log(`${orders} orders, ${chargesIn(listing)}, ${disagreements.length} disagreements`);
  return disagreements.length === 0 && !stoppedAt ? 0 : 1;
}

/** The databases that are configured, the running shop's, or those of DATA_DIR started for the moment. */
async function withDatabases<T>(work: (urls: ReconcileOptions['urls']) => Promise<T>): Promise<T> {
  const given = (name: string) => process.env[variableOf(name)] || undefined;
  const [orders, catalog, payments] = [given('orders'), given('catalog'), given('payments')];
  if (orders && catalog && payments) return work({ orders, catalog, payments });
  if (!existsSync(join(dataDir, 'postgres'))) throw new Failure(`There is no shop in ${dataDir}.`);
  const mine = await claim(dataDir, 'npm run reconcile').catch((error: unknown) => {
    if (error instanceof Occupied && error.address) return undefined; // the shop's own Postgres is there to be used
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
