// Two replicas of the catalog on one database, called in turns as by a load balancer.
import { catalogRpc, type ReserveResult } from '@shop/contracts/catalog';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { createCatalogDatabase, startCatalog } from './catalog-under-test.js';

export type Line = { productId: string; quantity: number };
export type Replicas = Awaited<ReturnType<typeof startReplicas>>;

export async function startReplicas() {
  const database: TestDatabase = await createCatalogDatabase();
  const shops = [await startCatalog(database, { SEED: 'demo' }), await startCatalog(database)] as const;
  let turn = 0;
  const rpc = () => shops[turn++ % 2]!.rpc;
  return {
    database,
    reserve: (orderId: string, lines: Line[], expectedTotalCents?: number): Promise<ReserveResult> =>
      rpc().call(catalogRpc.reserve, { orderId, lines, expectedTotalCents }),
    confirm: (orderId: string) => rpc().call(catalogRpc.confirmReservation, { orderId }),
    release: (orderId: string) => rpc().call(catalogRpc.releaseReservation, { orderId }),

    /** Creates a product for one test. */
    async product(stock: number, priceCents = 1000): Promise<string> {
      const made = { name: 'Piece', description: '', category: 'desk', priceCents, stock };
      return (await rpc().call(catalogRpc.createProduct, made)).id;
    },

    async stockOf(...ids: string[]): Promise<number[]> {
      const rows = await database.query<{ id: string; stock: number }>(
        'select id, stock from products where id = any($1)',
        [ids],
      );
      return ids.map((id) => rows.find((row) => row.id === id)!.stock);
    },

    async stop(): Promise<void> {
      await Promise.all(shops.map((shop) => shop.stop()));
      await database.drop();
    },
  };
}

/** Calls `make` `count` times concurrently. */
export function times<T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => make(i)));
}
