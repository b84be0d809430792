// Logging in and out, after which everything personal is fetched again.
import type { CustomerAnswer } from '@shop/contracts/accounts';
import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { tellTabs } from './cart.js';
import { send } from './client.js';
import { session } from './queries.js';

/** Undefined until known. */
export function useCustomer() {
  return useQuery(session).data?.customer;
}

export function useEnter(path: '/api/session' | '/api/customers') {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: unknown) => send<CustomerAnswer>('POST', path, { body }),
    onSuccess: async (answer) => {
      await forgetPerson(client);
      client.setQueryData(session.queryKey, answer);
      tellTabs();
    },
  });
}

/** `away` navigates off a page that requires a log-in. */
export function useLeave(path: '/api/session' | '/api/sessions', away: () => Promise<void>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => send<void>('DELETE', path),
    onSuccess: async () => {
      // The draft of the checkout form.
      sessionStorage.clear();
      await away();
      await forgetPerson(client);
      client.setQueryData(session.queryKey, { customer: null });
      tellTabs();
    },
  });
}

/** Removes one user's data from the cache before another logs in. */
async function forgetPerson(client: QueryClient): Promise<void> {
  for (const key of ['orders', 'order', 'credit', 'manage']) client.removeQueries({ queryKey: [key] });
  await client.resetQueries({ queryKey: ['cart'] });
}
