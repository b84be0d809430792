// Typical calls of each service, for the benchmark of memory.
import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import { accountsRpc } from '@shop/contracts/accounts';
import { ordersRpc } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import { Rpc } from '@shop/rpc/rpc';

const CONNECTIONS = 16;
const ORDERS = 30;

/** The ids used in calls. */
export interface Bought {
  productIds: string[];
  customerId: string;
  orderIds: string[];
}

/** Places orders of the demo customer; `url` is the public HTTP server of the whole shop. */
export async function buySomething(url: string): Promise<Bought> {
  const json = async <T>(answer: Promise<Response>): Promise<T> => {
    const response = await answer;
    if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const logIn = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'demo@shop.test', password: 'demo-password' }),
  });
  const { customer } = await json<{ customer: { id: string } }>(Promise.resolve(logIn));
  const { items } = await json<{ items: { id: string; inStock: boolean }[] }>(fetch(`${url}/api/products?limit=100`));
  const cookie = logIn.headers.get('set-cookie')!.split(';')[0]!;
  const orderIds: string[] = [];
  for (const { id } of items.filter(({ inStock }) => inStock).slice(0, ORDERS)) {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID(), cookie };
    const body = JSON.stringify({
      lines: [{ productId: id, quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    });
    const order = await json<{ id: string }>(fetch(`${url}/api/orders`, { method: 'POST', headers, body }));
    orderIds.push(order.id);
  }
  return { productIds: items.map(({ id }) => id), customerId: customer.id, orderIds };
}

/** Requests product pages from the public HTTP server. */
export async function browse(url: string, { productIds }: Bought, seconds: number): Promise<number> {
  const requests = productIds.map((id) => ({ path: `/api/products/${id}` }));
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds, requests });
  if (result.non2xx || result.errors) throw new Error(`${result.non2xx} wrong responses, ${result.errors} errors`);
  return result.requests.average;
}

type Call = (rpc: Rpc, bought: Bought, i: number) => Promise<unknown>;

const calls = {
  accounts: (rpc, { customerId }) => rpc.call(accountsRpc.getCustomer, { id: customerId }),
  orders: (rpc, { customerId }) => rpc.call(ordersRpc.listOrders, { customerId, limit: 24 }),
  payments: (rpc, { orderIds }, i) => rpc.call(paymentsRpc.getPayment, { orderId: orderIds[i % orderIds.length]! }),
} satisfies Record<string, Call>;

export type Called = keyof typeof calls;
export const calledServices = Object.keys(calls) as Called[];

/** Resolves to the calls per second. */
export async function callOften(service: Called, address: string, bought: Bought, seconds: number): Promise<number> {
  const rpc = new Rpc({ addresses: { [service]: address } });
  const call: Call = calls[service];
  const end = performance.now() + seconds * 1000;
  let made = 0;
  const caller = async () => {
    while (performance.now() < end) await call(rpc, bought, made++);
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, caller));
  } finally {
    rpc.close();
  }
  return made / seconds;
}
