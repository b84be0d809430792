// Asks every service something small, all at once.
import { accountsRpc } from '@shop/contracts/accounts';
import { catalogRpc } from '@shop/contracts/catalog';
import { ordersRpc } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import type { StaffHealth } from '@shop/contracts/staff';
import type { Rpc } from '@shop/kit/rpc/rpc';

/** Each of these looks into the service's own store. */
const questions: Record<string, (rpc: Rpc, staffId: string) => Promise<unknown>> = {
  accounts: (rpc, id) => rpc.call(accountsRpc.getCustomer, { id }),
  catalog: (rpc) => rpc.call(catalogRpc.listCategories, {}),
  orders: (rpc) => rpc.call(ordersRpc.listOrders, { limit: 1 }),
  payments: (rpc, customerId) => rpc.call(paymentsRpc.getCredit, { customerId }),
};

export async function askServices(rpc: Rpc, staffId: string): Promise<StaffHealth> {
  const services = await Promise.all(
    Object.entries(questions).map(async ([name, ask]) => {
      const startedAt = performance.now();
      const up = await ask(rpc, staffId).then(
        () => true,
        () => false,
      );
      return { name, up, ms: Math.round(performance.now() - startedAt) };
    }),
  );
  return { at: new Date().toISOString(), services };
}
