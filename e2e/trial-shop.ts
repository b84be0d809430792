// The shop as many processes with short patience, on stores of its own, to be hurt: killed at a point, or cut off.
import { randomUUID } from 'node:crypto';
import { placeReplicas } from '@shop/tools/replicas';
import { reconcile } from '@shop/tools/reconcile/reconciliation';
import { startSplit } from '@shop/tools/split-services';
import type { ServiceName } from '@shop/contracts/services';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { patiently } from './patience.js';
import { Shopper } from './shopper.js';

/** Whatever died is found and driven on within a few of these. */
const impatient = {
  ORDERS_SWEEP_SECONDS: '1',
  PAYMENTS_SWEEP_SECONDS: '0.5',
  PAYMENT_LEASE_SECONDS: '3',
  QUEUE_LOCK_MS: '3000',
  RATE_LIMITS: 'off',
};

export interface TrialOptions {
  /** The stores' addresses, SEED and so on. */
  env: NodeJS.ProcessEnv;
  logDir: string;
  replicas?: Partial<Record<ServiceName, number>>;
  /** What every process gets over everything else, such as addresses of proxies. */
  over?: (rpcPorts: Map<ServiceName, number>, env: NodeJS.ProcessEnv) => Promise<NodeJS.ProcessEnv>;
}

export type TrialShop = Awaited<ReturnType<typeof startTrialShop>>;

export async function startTrialShop({ env, logDir, replicas = {}, over }: TrialOptions) {
  const places = await placeReplicas(replicas, 'free');
  const rpcPorts = new Map(places.flatMap(({ service, rpcPort }) => (rpcPort ? [[service, rpcPort] as const] : [])));
  const last = await over?.(rpcPorts, env);
  // What the next processes of a service get, one after the other; then nothing more.
  const next = new Map<ServiceName, NodeJS.ProcessEnv[]>();
  const split = startSplit({
    places,
    env: { ...env, ...impatient },
    envOf: ({ service }) => ({ ...last, ...next.get(service)?.shift() }),
    logDir,
  });
  await split.ready();
  const urls = urlsOf(env);
  const databases = Object.fromEntries(
    Object.entries(urls).map(([name, connectionString]) => {
      const pool = new pg.Pool({ connectionString, max: 2 });
      pool.on('error', () => undefined); // its server is killed now and then
      return [name, pool];
    }),
  ) as Record<keyof typeof urls, pg.Pool>;
  const query = async <T extends pg.QueryResultRow>(name: keyof typeof urls, text: string, values: unknown[] = []) =>
    (await databases[name].query<T>(text, values)).rows;

  /** Leaves a transaction open, with the locks of this statement, until the answered function is called. */
  const lock = async (name: keyof typeof urls, text: string, values: unknown[]) => {
    const client = await databases[name].connect();
    await client.query('begin');
    await client.query(text, values);
    return async () => {
      await client.query('rollback');
      client.release();
    };
  };

  let turn = 0;
  const door = () => split.gateways[turn++ % split.gateways.length]!;
  let staff: Promise<Shopper> | undefined;
  const staffMember = () => (staff ??= staffAt(door()));
  const processOf = (service: ServiceName) => split.processes.find((process) => process.service === service)!;
  /** Resolves when another process than `pid` serves. */
  const replaced = async (service: ServiceName, pid: number) => {
    const process = processOf(service);
    await vi.waitFor(
      async () => {
        if (process.pid === pid) throw new Error(`${service} still is pid ${pid}`);
        const { ok } = await fetch(`http://127.0.0.1:${process.opsPort}/readyz`);
        if (!ok) throw new Error(`${service} is not ready`);
      },
      { timeout: 60_000, interval: 50 },
    );
  };
  return {
    split,
    door,
    query,
    lock,
    processOf,
    replaced,
    newShopper: () => new Shopper(door()),
    staffMember,
    /** Kills the service and has its next processes start with these settings, one each. */
    async restartWith(service: ServiceName, ...envs: NodeJS.ProcessEnv[]): Promise<number> {
      next.set(service, envs);
      const { pid } = processOf(service);
      process.kill(pid, 'SIGKILL');
      await replaced(service, pid);
      return processOf(service).pid;
    },
    /** Resolves when every process that was to die has died, and its successor serves. */
    async wasKilled(service: ServiceName): Promise<void> {
      await vi.waitFor(() => expect(next.get(service)).toEqual([]), { timeout: 60_000, interval: 50 });
      await replaced(service, 0);
    },
    /** A product that nobody else orders. */
    async newProduct(stock: number, priceCents = 100): Promise<string> {
      const who = await staffMember();
      const { body } = await patiently(who, () => who.get('/api/categories'));
      const category = body.items[0].slug as string;
      const product = { name: `Trial ${randomUUID()}`, description: 'To be fought over.', category, priceCents, stock };
      const made = await patiently(who, () => who.send('POST', '/api/products', product));
      if (made.status !== 201) throw new Error(`product: ${made.status} ${JSON.stringify(made.body)}`);
      return made.body.id as string;
    },
    async stockOf(productId: string): Promise<number> {
      const [row] = await query<{ stock: number }>('catalog', 'select stock from products where id = $1', [productId]);
      return row!.stock;
    },
    /** Store credit, as staff would give it. */
    async giveCredit(customerId: string, cents: number): Promise<void> {
      const account = `credit:${customerId}`;
      await query(
        'payments',
        'insert into ledger_accounts (name, customer_id, balance_cents) values ($1, $2, 0) on conflict do nothing',
        [account, customerId],
      );
      await query(
        'payments',
        `with booked as (insert into ledger_transactions (id, reference) values (gen_random_uuid(), $1) returning id)
         insert into ledger_entries (transaction_id, account, amount_cents)
         select id, account, cents from booked, (values ('credit-given', -$3::bigint), ($2, $3::bigint)) side (account, cents)`,
        [`${account}:${Math.random()}`, account, cents],
      );
    },
    /** Every disagreement between the databases; what is under way is given a few seconds. */
    async disagreements(): Promise<string[]> {
      return (await reconcile({ urls, graceSeconds: 3, stuckSeconds: 60, sinceDays: 7 })).disagreements;
    },
    async stop() {
      await split.stop();
      await Promise.all(Object.values(databases).map((pool) => pool.end()));
    },
  };
}

function urlsOf(env: NodeJS.ProcessEnv) {
  const url = (name: string) => env[`${name}_DATABASE_URL`] ?? '';
  return { orders: url('ORDERS'), catalog: url('CATALOG'), payments: url('PAYMENTS') };
}

async function staffAt(door: string): Promise<Shopper> {
  const staff = new Shopper(door, { email: 'staff@shop.test', password: 'staff-password' });
  await patiently(staff, () => staff.logIn());
  return staff;
}
