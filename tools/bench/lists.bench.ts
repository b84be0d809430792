// Lists of a million products: what the costliest take in Postgres, and what 20 of them a second do to checkout. The catalog is
// asked directly. `reserve` stands for checkout: it is what waits for the catalog's connections when an order is placed.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { catalogRpc } from '@shop/contracts/catalog';
import type { InputOf } from '@shop/contracts/rpc';
import { newRequestId, runInContext } from '@shop/kit/context';
import { Rpc } from '@shop/kit/rpc/rpc';
import { until } from '../processes.ts';
import { placeReplicas } from '../replicas.ts';
import { startServices, startStoresFor, type Stores } from './checkout-shop.ts';
import { spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const PRODUCTS = 1_000_000;
const ROUNDS = 3;
const ROUND_MS = 8000;
const RESERVE_EVERY_MS = 20;
const LISTS_PER_SECOND = 20;

type Query = InputOf<typeof catalogRpc.listProducts>;
/** Nothing has the first ones; what the others look for is common, and where the order begins there is none of it. */
const hostile: ((n: number) => Partial<Query>)[] = [
  (n) => ({ tag: `unknown-${n}` }),
  (n) => ({ q: `qqq${n}`, sort: 'newest' }),
  (n) => ({ q: `qqq${n}`, sort: 'price' }),
  (n) => ({ inStock: false, minPriceCents: n % 1000, sort: 'name' }),
  (n) => ({ minPriceCents: 49_000 + (n % 900), sort: 'name' }),
  (n) => ({ tag: 'oak', maxPriceCents: 100_000 + n, sort: 'name' }),
  (n) => ({ q: `linen -qqq${n}` }),
];

interface Bench {
  stores: Stores;
  rpc: Rpc;
  product: string;
  asked: number;
}

export async function main(): Promise<Figures> {
  const dir = await mkdtemp(join(tmpdir(), 'shop-bench-lists-'));
  const stores = await startStoresFor(dir);
  try {
    const places = (await placeReplicas({}, 'free')).filter(({ service }) => service === 'catalog');
    const services = await startServices(dir, stores.env, places, () => ({ SEED_PICTURES: 'off' }));
    const rpc = new Rpc({ addresses: { catalog: `127.0.0.1:${places[0]!.rpcPort}` } });
    try {
      const reached = () => rpc.call(catalogRpc.priceProducts, { products: [] }).then(Boolean, () => false);
      await until(reached, 10_000);
      await addProducts(stores);
      const [{ id: product } = { id: '' }] = await stores.query<{ id: string }>(
        'catalog',
        'update products set stock = 1000000 where id = (select max(id::text)::uuid from products) returning id',
      );
      return await measure({ stores, rpc, product, asked: 0 });
    } finally {
      rpc.close();
      await services.stop();
    }
  } finally {
    await stores.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Copies of the demo shop's products, with prices and times of their own; a few are hidden. */
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
  for (const query of hostile) await list(bench, query);
  await bench.stores.query('postgres', 'select pg_stat_statements_reset()');
  const quiet: number[] = [];
  const busy: number[] = [];
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(await reserving(bench));
    const end = performance.now() + ROUND_MS;
    const [p99] = await Promise.all([
      reserving(bench),
      (async () => {
        const lists: Promise<boolean>[] = [];
        for (let i = 0; performance.now() < end; i++) {
          lists.push(list(bench, hostile[i % hostile.length]!));
          await sleep(1000 / LISTS_PER_SECOND);
        }
        refused += (await Promise.all(lists)).filter((answered) => !answered).length;
      })(),
    ]);
    busy.push(p99);
  }
  const [statements] = await bench.stores.query<{ mean: number; most: number }>(
    'postgres',
    `select max(mean_exec_time) as mean, max(max_exec_time) as most
     from pg_stat_statements s join pg_database d on d.oid = s.dbid
     where d.datname = 'catalog' and query ilike '%products p%'`,
  );
  const factor = busy.map((p99, i) => p99 / quiet[i]!);
  return [
    [
      '1 M products, the costliest statement of a list, mean and most, ms',
      `${statements!.mean.toFixed(1)}, ${statements!.most.toFixed(1)}`,
    ],
    ['reserve, 99 % within, quiet, ms', spread(quiet)],
    [`reserve, 99 % within, with ${LISTS_PER_SECOND} hostile lists a second, ms`, spread(busy)],
    ['that, against quiet', spread(factor, 2)],
    ['lists that were refused or late', String(refused)],
  ];
}

/** False when it was refused or too late. */
function list(bench: Bench, query: (n: number) => Partial<Query>): Promise<boolean> {
  return inRequest(2000, () => bench.rpc.call(catalogRpc.listProducts, { limit: 24, ...query(bench.asked++) })).then(
    () => true,
    () => false,
  );
}

/** 99 % of the reservations made in a round were answered in this many milliseconds; a failure takes as long as its deadline. */
async function reserving({ rpc, product }: Bench): Promise<number> {
  const took: Promise<number>[] = [];
  const end = performance.now() + ROUND_MS;
  while (performance.now() < end) {
    const startedAt = performance.now();
    const lines = [{ productId: product, quantity: 1 }];
    const answer = inRequest(5000, () => rpc.call(catalogRpc.reserve, { orderId: randomUUID(), lines }));
    took.push(
      answer.then(
        () => performance.now() - startedAt,
        () => 5000,
      ),
    );
    await sleep(RESERVE_EVERY_MS);
  }
  const sorted = (await Promise.all(took)).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)]!;
}

function inRequest<T>(deadlineMs: number, work: () => Promise<T>): Promise<T> {
  return runInContext({ requestId: newRequestId(), deadlineAt: performance.now() + deadlineMs }, work);
}
