// Logging in and out: everything that belongs to a person is read anew.
import type { CustomerAnswer } from '@shop/contracts/accounts';
import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { tellTabs } from './cart.js';
import { send } from './client.js';
import { session } from './queries.js';

/** Undefined until that is known. */
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

/** `away` leads off the page of a person that there will be nobody for. */
export function useLeave(path: '/api/session' | '/api/sessions', away: () => Promise<void>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => send<void>('DELETE', path),
    onSuccess: async () => {
      // What was typed at checkout.
      sessionStorage.clear();
      await away();
      await forgetPerson(client);
      client.setQueryData(session.queryKey, { customer: null });
      tellTabs();
    },
  });
}

/** What was shown to one person is not for the next. */
async function forgetPerson(client: QueryClient): Promise<void> {
  for (const key of ['orders', 'order', 'credit', 'manage']) client.removeQueries({ queryKey: [key] });
  await client.resetQueries({ queryKey: ['cart'] });
}
