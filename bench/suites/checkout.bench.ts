// Complete paid orders through the gateway, one process per service, against pgbench with the same statements on the same
// server; and a rush for one product, with batched against unbatched reservations.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeReplicas } from '@shop/tools/replicas';
import { Buyers } from './checkout-buyers.ts';
import { findPgbench, ordersPerSecondOf, preparePgbench } from './checkout-pgbench.ts';
import { benchRush } from './checkout-rush.ts';
import { cpuOf, startServices, startStoresFor, type Services, type Stores } from './checkout-shop.ts';
import { median, spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const ROUNDS = 5;
const SECONDS = 6;
/** Concurrent orders, in the shop and in pgbench. */
const CONCURRENCY = 32;

export async function main(args: string[]): Promise<Figures> {
  const pgbench = findPgbench();
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const stores = await startStoresFor(dir);
  try {
    const orders = args.includes('rush') ? [] : await benchOrders(dir, stores, pgbench);
    const rush = args.includes('orders') ? [] : await benchRush(dir, stores);
    return [...orders, ...rush];
  } finally {
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function benchOrders(dir: string, stores: Stores, pgbench: string): Promise<Figures> {
  const places = (await placeReplicas({}, 'free')).filter(({ service }) => service !== 'image-worker');
  const shop = await startServices(dir, stores.env, places);
  try {
    await stores.query('catalog', 'update products set stock = 1000000000');
    const buyers = await Buyers.register(shop.gateway!, stores);
    const floor = await preparePgbench({ dir, stores, pgbench, placeOne: () => buyers.placeOne() });
    console.log(`a paid order of three lines runs ${floor.statements} statements`);
    console.log(`${ROUNDS} rounds of some ${SECONDS} s, ${CONCURRENCY} concurrent orders: median (minimum–maximum)`);
    const contenders = {
      shop: async (amount: number) => (await buyers.buy(amount, CONCURRENCY)).perSecond,
      pgbench: () => ordersPerSecondOf(floor, CONCURRENCY, SECONDS),
    };
    return await compare(contenders, shop, stores);
  } finally {
    await shop.stop();
  }
}

interface Contenders {
  shop: (amount: number) => Promise<number>;
  pgbench: () => Promise<number>;
}

/** In turns, so that changes of the machine's speed affect both alike. */
async function compare({ shop, pgbench }: Contenders, services: Services, stores: Stores): Promise<Figures> {
  await shop(200); // warms up
  const amount = Math.ceil((await shop(1000)) * SECONDS);
  await pgbench();
  const rounds: { shop: number; cpu: Record<string, number>; pgbench: number; floorCpu: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuOf(services, stores);
    const perSecond = await shop(amount);
    const after = cpuOf(services, stores);
    const cpu = Object.entries(after).map(
      ([name, micros]) => [name, (micros - before[name]!) / 1000 / amount] as const,
    );
    const postgresBefore = stores.postgresCpu();
    const floor = await pgbench();
    const floorCpu = (stores.postgresCpu() - postgresBefore) / 1000 / (floor * SECONDS);
    rounds.push({ shop: perSecond, cpu: Object.fromEntries(cpu), pgbench: floor, floorCpu });
  }
  const shops = rounds.map((round) => round.shop);
  const floors = rounds.map((round) => round.pgbench);
  const cpus = rounds.map(({ cpu }) => Object.values(cpu).reduce((sum, ms) => sum + ms, 0));
  console.log(`shop      ${spread(shops, 0)} paid orders/s, ${spread(cpus, 2)} ms CPU per order over all processes`);
  const partOf = (name: string) => median(rounds.map(({ cpu }) => cpu[name]!)).toFixed(2);
  const parts = Object.keys(rounds[0]!.cpu).map((name) => `${name} ${partOf(name)}`);
  console.log(`          of which ${parts.join(', ')}`);
  const floorCpus = rounds.map(({ floorCpu }) => floorCpu);
  console.log(`pgbench   ${spread(floors, 0)} orders/s, ${spread(floorCpus, 2)} ms CPU per order in Postgres`);
  const ratios = shops.map((value, i) => value / floors[i]!);
  console.log(`ratio     ${spread(ratios, 2)} of pgbench's orders per second`);
  return [
    ['paid orders per second, against pgbench with the same statements', `${spread(ratios, 2)}; ${spread(shops, 0)}`],
    ['CPU of a paid order over all processes', `${spread(cpus, 1)} ms`],
  ];
}
