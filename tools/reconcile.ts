// npm run reconcile [-- --every SECONDS --port PORT]: compares what the services wrote down; exit code 1 when anything disagrees.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { claim, dataDir, Occupied } from './data-dir.ts';
import { main } from './interrupt.ts';
import { build } from './nx.ts';
import { listChargesScript, type Listing } from './provider-charges.ts';
import { reconcile, type ReconcileOptions, type Reconciliation } from './reconciliation.ts';
import { startPostgres } from './stores/postgres.ts';
import { databases, variableOf } from './stores/stores.ts';
import { Failure } from './terminal.ts';

const usage = `npm run reconcile                             once; exit code 1 when anything disagrees
npm run reconcile -- --every 60 --port 9110   again and again, with Prometheus metrics on that port
  --grace 5      seconds after which what disagrees is looked at again
  --stuck 3600   seconds after which an order that is not final is told, or a refund that is not done
  --since 7      days of which the payment provider's charges are compared`;

await main(async ({ asked }) => {
  const { every, port, grace, stuck, since } = args();
  if (!existsSync(listChargesScript)) await build({ projects: ['payments'], signal: asked });
  return withDatabases(async (urls) => {
    const options = { urls, graceSeconds: grace, stuckSeconds: stuck, sinceDays: since };
    if (every === undefined) return report(await reconcile(options)) ? 0 : 1;
    await repeat(options, { every, port, end: asked });
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
    const options = { every: option, port: option, grace: option, stuck: option, since: option };
    const { every, port, grace = '5', stuck = '3600', since = '7' } = parseArgs({ options }).values;
    return {
      ...{ every: number(every), port: number(port) },
      ...{ grace: number(grace)!, stuck: number(stuck)!, since: number(since)! },
    };
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(usage);
  }
}

/** Says what disagrees; answers whether nothing does. */
function report({ orders, listing, disagreements }: Reconciliation): boolean {
  for (const line of disagreements) console.log(line);
  const charges = `${chargesIn(listing)} charges of ${listing.providers.join(' and ')} since ${listing.from.toISOString().slice(0, 16)}Z`;
  console.log(`${orders} orders, ${charges}, ${disagreements.length} disagreements`);
  return disagreements.length === 0;
}

interface Schedule {
  every: number;
  port: number | undefined;
  end: AbortSignal;
}

async function repeat(options: ReconcileOptions, { every, port, end }: Schedule): Promise<void> {
  let metrics = '';
  const server = createServer((request, response) =>
    request.url === '/metrics'
      ? response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metrics)
      : response.writeHead(404).end(),
  );
  if (port !== undefined) server.listen(port, process.env['HOST'] || '127.0.0.1');
  while (!end.aborted) {
    try {
      const result = await reconcile(options);
      report(result);
      metrics = metricsOf(result);
    } catch (error) {
      // A database that is away says nothing about the orders; the age of the last comparison tells.
      console.error(error instanceof Error ? error.message : error);
    }
    await sleep(every * 1000, undefined, { signal: end }).catch(() => {});
  }
  server.close();
}

function chargesIn({ charges }: Listing): number {
  return [...charges.values()].reduce((sum, { length }) => sum + length, 0);
}

function metricsOf({ orders, listing, disagreements }: Reconciliation): string {
  const rows: [name: string, help: string, value: number][] = [
    ['reconcile_orders', 'Orders compared', orders],
    ['reconcile_charges', 'Charges of the payment provider compared', chargesIn(listing)],
    ['reconcile_disagreements', 'What does not agree', disagreements.length],
    ['reconcile_last_run_timestamp_seconds', 'When it was compared', Math.floor(Date.now() / 1000)],
  ];
  return rows.map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`).join('');
}

/** The databases that are configured, the running shop's, or those of DATA_DIR started for the moment. */
async function withDatabases<T>(work: (urls: ReconcileOptions['urls']) => Promise<T>): Promise<T> {
  const given = (name: string) => process.env[variableOf(name)] || undefined;
  const [orders, catalog, payments] = [given('orders'), given('catalog'), given('payments')];
  if (orders && catalog && payments) return work({ orders, catalog, payments });
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
