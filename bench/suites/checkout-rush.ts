// A flash sale: thousands of concurrent orders for one product. Calls the catalog directly, with batched reservations (the
// default of CATALOG_RESERVE_TOGETHER) and unbatched ones (1), while other customers buy other products.
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { catalogRpc } from '@shop/contracts/catalog';
import { newRequestId, runInContext } from '@shop/rpc/context';
import { Rpc } from '@shop/rpc/rpc';
import { until } from '@shop/tools/processes';
import { placeReplicas, type Place } from '@shop/tools/replicas';
import { startServices, cpuOf, type Services, type Stores } from './checkout-shop.ts';
import { median, spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const ROUNDS = 3;
const BUYERS = 5000;
/** Concurrent calls. */
const CONCURRENCY = 100;
const STOCK = 1000;
/** Orders of a round with enough stock for all. */
const ORDERS = 2000;
/** Interval between orders for other products. */
const OTHERS_MS = 10;

interface Way {
  name: string;
  rpc: Rpc;
  perSecond: number[];
  reservedPerSecond: number[];
  cpuMs: number[];
  /** Durations of orders for other products. */
  othersMs: number[];
}

export async function benchRush(dir: string, stores: Stores): Promise<Figures> {
  const places = (await placeReplicas({ catalog: 2 }, 'free')).filter(({ service }) => service === 'catalog');
  const services = await startServices(dir, stores.env, places, ({ replica }) =>
    replica === 2 ? { CATALOG_RESERVE_TOGETHER: '1' } : {},
  );
  const ways = places.map((place) => wayOf(place));
  try {
    console.log(
      `a rush for one product: ${BUYERS} buyers, ${CONCURRENCY} concurrent, ${STOCK} pieces; ${ROUNDS} rounds`,
    );
    for (const { rpc } of ways) await until(() => isReached(rpc), 10_000);
    for (let round = 0; round <= ROUNDS; round++)
      for (const way of ways) await measure(way, services, stores, round > 0);
    for (const { name, perSecond, reservedPerSecond, cpuMs, othersMs } of ways) {
      console.log(`${name.padEnd(10)} ${spread(perSecond, 0)} responses/s when ${STOCK} of ${BUYERS} get one,`);
      console.log(
        `           ${spread(reservedPerSecond, 0)} orders/s when all do, ${spread(cpuMs, 2)} ms CPU per order,`,
      );
      const sorted = othersMs.sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(sorted.length * share)]!.toFixed(1);
      console.log(`           other products meanwhile: ${at(0.5)} ms, 99 % within ${at(0.99)} ms`);
    }
    const [batched, unbatched] = ways as [Way, Way];
    const ratio = batched.reservedPerSecond.map((value, i) => value / unbatched.reservedPerSecond[i]!);
    console.log(`ratio      ${spread(ratio, 1)} of the orders per second, median ${median(ratio).toFixed(1)}`);
    return [['a rush for one product, batched against unbatched reservations, orders per second', spread(ratio, 1)]];
  } finally {
    for (const { rpc } of ways) rpc.close();
    await services.stop();
  }
}

async function isReached(rpc: Rpc): Promise<boolean> {
  return rpc.call(catalogRpc.priceProducts, { products: [] }).then(
    () => true,
    () => false,
  );
}

function wayOf({ replica, rpcPort }: Place): Way {
  const name = replica === 2 ? 'unbatched' : 'batched';
  const rpc = new Rpc({ addresses: { catalog: `127.0.0.1:${rpcPort}` } });
  return { name, rpc, perSecond: [], reservedPerSecond: [], cpuMs: [], othersMs: [] };
}

async function measure(way: Way, services: Services, stores: Stores, counts: boolean): Promise<void> {
  const sale = await rush(way, BUYERS, STOCK, stores);
  if (sale.reserved !== STOCK) throw new Error(`${sale.reserved} pieces sold of ${STOCK}`);
  const before = total(cpuOf(services, stores));
  const all = await rush(way, ORDERS, ORDERS, stores);
  if (all.reserved !== ORDERS) throw new Error(`${all.reserved} pieces sold of ${ORDERS}`);
  const used = total(cpuOf(services, stores)) - before;
  if (!counts) return; // warm-up
  way.perSecond.push(BUYERS / sale.seconds);
  way.reservedPerSecond.push(ORDERS / all.seconds);
  way.cpuMs.push(used / 1000 / ORDERS);
  way.othersMs.push(...sale.othersMs, ...all.othersMs);
}

const total = (cpu: Record<string, number>) => Object.values(cpu).reduce((sum, micros) => sum + micros, 0);

async function rush({ rpc }: Way, buyers: number, stock: number, stores: Stores) {
  const [hot, ...others] = await products(stores, stock);
  const reserve = (productId: string) => {
    const order = { orderId: randomUUID(), lines: [{ productId, quantity: 1 }] };
    return runInContext({ requestId: newRequestId(), deadlineAt: Infinity }, () => rpc.call(catalogRpc.reserve, order));
  };
  let [left, reserved, selling] = [buyers, 0, true];
  const buyer = async () => {
    while (left > 0) {
      left -= 1;
      if ((await reserve(hot!)).outcome === 'reserved') reserved += 1;
    }
  };
  const othersMs: number[] = [];
  const other = async () => {
    for (let i = 0; selling; i++) {
      const startedAt = performance.now();
      await reserve(others[i % others.length]!);
      othersMs.push(performance.now() - startedAt);
      await setTimeout(OTHERS_MS);
    }
  };
  const startedAt = performance.now();
  const rush = Promise.all(Array.from({ length: CONCURRENCY }, buyer)).finally(() => (selling = false));
  const [seconds] = await Promise.all([rush.then(() => (performance.now() - startedAt) / 1000), other()]);
  return { seconds, reserved, othersMs };
}

/** The first product has `stock` pieces, the others have plenty. */
async function products(stores: Stores, stock: number): Promise<string[]> {
  const rows = await stores.query<{ id: string }>(
    'catalog',
    'select id from products where not hidden order by random()',
  );
  const [hot] = rows;
  await stores.query('catalog', `update products set stock = case id when '${hot!.id}' then ${stock} else 1000000 end`);
  return rows.map(({ id }) => id);
}
