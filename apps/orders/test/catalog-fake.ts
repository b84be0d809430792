// A fake of the catalog that keeps its contract, with products and reservations that tests can read.
import { catalogRpc, type ReserveResult } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import type { InputOf } from '@shop/contracts/rpc';
import { stubService } from '@shop/kit/testing/services';
import { AppError } from '@shop/rpc/errors';
import { v7 as uuidv7 } from 'uuid';

/** What happens to a call. before: it is lost; after: it is done and its answer is lost. */
export type Fault = 'none' | 'before' | 'after';

type Reserve = InputOf<typeof catalogRpc.reserve>;

export async function startCatalogFake() {
  const products = new Map<string, { priceCents: number; stock: number }>();
  const reservations = new Map<string, { state: 'held' | 'confirmed' | 'released'; request: Reserve }>();

  const priced = ({ lines }: Reserve) => {
    const pricedLines = lines.map(({ productId, quantity }) => {
      const { priceCents } = products.get(productId)!;
      const slug = `product-${productId}`;
      return { productId, slug, name: 'A product', quantity, priceCents, lineTotalCents: priceCents * quantity };
    });
    const totalCents = pricedLines.reduce((sum, { lineTotalCents }) => sum + lineTotalCents, 0);
    return { lines: pricedLines, totalCents, currency: CURRENCY };
  };
  const reserve = (request: Reserve): ReserveResult => {
    const known = reservations.get(request.orderId);
    if (known?.state === 'released') return { outcome: 'released' };
    if (known) return { outcome: 'reserved', ...priced(known.request) };
    const unknown = request.lines.map(({ productId }) => productId).filter((id) => !products.has(id));
    if (unknown.length > 0) return { outcome: 'unknown_product', productIds: unknown };
    const order = priced(request);
    const short = request.lines.filter(({ productId, quantity }) => products.get(productId)!.stock < quantity);
    if (short.length > 0) return { outcome: 'out_of_stock', productIds: short.map((l) => l.productId), ...order };
    if ((request.expectedTotalCents ?? order.totalCents) !== order.totalCents)
      return { outcome: 'price_changed', ...order };
    for (const { productId, quantity } of request.lines) products.get(productId)!.stock -= quantity;
    reservations.set(request.orderId, { state: 'held', request });
    return { outcome: 'reserved', ...order };
  };
  const end = (orderId: string, state: 'confirmed' | 'released') => {
    const held = reservations.get(orderId);
    if (held?.state === 'held') {
      if (state === 'released')
        for (const { productId, quantity } of held.request.lines) products.get(productId)!.stock += quantity;
      held.state = state;
    }
    // After this an order without a reservation can never reserve.
    if (!held && state === 'released') reservations.set(orderId, { state, request: { orderId, lines: [] } });
    return { done: held ? held.state === state : state === 'released' };
  };

  const faults: Fault[] = [];
  const perhaps = <T>(work: () => T): T => {
    const fault = faults.shift();
    if (fault === 'before') throw new AppError('unavailable');
    const answer = work();
    if (fault === 'after') throw new AppError('unavailable');
    return answer;
  };
  const stub = await stubService(catalogRpc, {
    reserve: async (request) => {
      await fake.held;
      return perhaps(() => reserve(request));
    },
    confirmReservation: ({ orderId }) => perhaps(() => end(orderId, 'confirmed')),
    releaseReservation: ({ orderId }) => perhaps(() => end(orderId, 'released')),
  });
  const fake = {
    port: Number(stub.address.split(':')[1]),
    stop: stub.stop,
    /** Reserving waits until this resolves. */
    held: Promise.resolve() as Promise<void>,
    faults,
    /** Applies the next fault to a call of another service. */
    perhaps,
    reserve,
    add(priceCents: number, stock: number): string {
      const id = uuidv7();
      products.set(id, { priceCents, stock });
      return id;
    },
    reprice(id: string, priceCents: number) {
      products.get(id)!.priceCents = priceCents;
    },
    restock(id: string, stock: number) {
      products.get(id)!.stock = stock;
    },
    stockOf: (id: string) => products.get(id)!.stock,
    reservationOf: (orderId: string) => reservations.get(orderId)?.state,
  };
  return fake;
}
