// Lists of a million products: the time of the costliest in Postgres, and the effect of 20 of them per second on checkout. All
// requests go through the gateway, with one process per service.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeReplicas } from '@shop/tools/replicas';
import { Buyers } from './checkout-buyers.ts';
import { startServices, startStoresFor, type Stores } from './checkout-shop.ts';
import { spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const PRODUCTS = 1_000_000;
const ROUNDS = 5;
const ROUND_MS = 15_000;
const ORDERS_PER_SECOND = 20;
const LISTS_PER_SECOND = 20;
/** Timeout of clients. */
const DEADLINE_MS = 5000;

/** The first ones match nothing; the others match many products, but none at the beginning of their sort order. */
const hostile: ((n: number) => string)[] = [
  (n) => `tag=unknown-${n}`,
  (n) => `q=qqq${n}&sort=newest`,
  (n) => `q=qqq${n}&sort=price`,
  (n) => `inStock=false&minPriceCents=${n % 1000}&sort=name`,
  (n) => `minPriceCents=${49_000 + (n % 900)}&sort=name`,
  (n) => `tag=oak&maxPriceCents=${100_000 + n}&sort=name`,
  (n) => `q=linen+-qqq${n}`,
];

interface Bench {
  stores: Stores;
  gateway: string;
  buyers: Buyers;
}

export async function main(): Promise<Figures> {
  const dir = await mkdtemp(join(tmpdir(), 'shop-bench-lists-'));
  const stores = await startStoresFor(dir);
  try {
    const places = (await placeReplicas({}, 'free')).filter(({ service }) => service !== 'image-worker');
    const services = await startServices(dir, stores.env, places, () => ({ SEED_IMAGES: 'off' }));
    try {
      await stores.query('catalog', 'update products set stock = 1000000000');
      const buyers = await Buyers.register(services.gateway!, stores);
      await addProducts(stores);
      return await measure({ stores, gateway: services.gateway!, buyers });
    } finally {
      await services.stop();
    }
  } finally {
    await stores.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Copies of the demo products with other prices and times; a few are hidden. */
async function addProducts({ query }: Stores): Promise<void> {
  await query(
    'catalog',
    `insert into products (id, slug, name, description, category_id, price_cents, stock, hidden, tags)
     select (lpad(to_hex(1500000000000 + n::bigint * 60000), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8'
         || substr(md5(n::text), 1, 15))::uuid,
       s.slug || '-x' || n, s.name || ' ' || n, s.description, s.category_id, 100 + abs(hashint4(n)) % 50000, 10,
       n % 10007 = 0, s.tags
     from generate_series(1, ${PRODUCTS}) n
     join (select row_number() over (order by id) as r, * from products) s on s.r = 1 + n % 120`,
  );
  await query('catalog', 'vacuum (analyze) products');
  await query('catalog', 'checkpoint');
}

async function measure(bench: Bench): Promise<Figures> {
  for (let i = 0; i < hostile.length; i++) await list(bench, i);
  await orders(bench); // warms up
  await bench.stores.query('postgres', 'select pg_stat_statements_reset()');
  const quiet: number[] = [];
  const busy: number[] = [];
  const answered: boolean[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(p99(await orders(bench)));
    const [took, lists] = await Promise.all([
      orders(bench),
      regularly(LISTS_PER_SECOND, (n) => list(bench, round * 10_000 + n)),
    ]);
    busy.push(p99(took));
    answered.push(...lists);
  }
  const [statements] = await bench.stores.query<{ mean: number; most: number }>(
    'postgres',
    `select max(mean_exec_time) as mean, max(max_exec_time) as most
     from pg_stat_statements s join pg_database d on d.oid = s.dbid
     where d.datname = 'catalog' and query ilike '%products p%'`,
  );
  const factor = busy.map((ms, i) => ms / quiet[i]!);
  return [
    [
      '1 M products, the costliest statement of a list, mean and maximum, ms',
      `${statements!.mean.toFixed(1)}, ${statements!.most.toFixed(1)}`,
    ],
    ['p99 of an order, without lists, ms', spread(quiet)],
    [`p99 of an order, with ${LISTS_PER_SECOND} hostile lists per second, ms`, spread(busy)],
    ['ratio of the two', spread(factor, 2)],
    ['lists refused or late', `${answered.filter((ok) => !ok).length} of ${answered.length}`],
  ];
}

/** Durations of the orders of a round in milliseconds; a refused order counts with the timeout of its client. */
function orders({ buyers }: Bench): Promise<number[]> {
  return regularly(ORDERS_PER_SECOND, async () => {
    const startedAt = performance.now();
    const placed = await buyers.place().then(Boolean, () => false);
    return placed ? performance.now() - startedAt : DEADLINE_MS;
  });
}

/** False when the list was refused or late. */
function list({ gateway }: Bench, n: number): Promise<boolean> {
  const query = hostile[n % hostile.length]!(n);
  return fetch(`${gateway}/api/products?limit=24&${query}`, { signal: AbortSignal.timeout(DEADLINE_MS) })
    .then(async (answer) => (await answer.text()).length > 0 && answer.ok)
    .catch(() => false);
}

/** Starts work at a steady rate for one round, whether or not earlier work is done. */
async function regularly<T>(perSecond: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const running: Promise<T>[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < (perSecond * ROUND_MS) / 1000; n++) {
    await sleep(Math.max(0, startedAt + (n * 1000) / perSecond - performance.now()));
    running.push(work(n));
  }
  return Promise.all(running);
}

function p99(took: number[]): number {
  return took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)]!;
}
