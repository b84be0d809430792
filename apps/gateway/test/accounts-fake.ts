// A fake of accounts: customers in a map, all with the same password.
import type { accountsRpc, Customer } from '@shop/contracts/accounts';
import type { StubHandlers } from '@shop/kit/testing/services';
import { AppError } from '@shop/rpc/errors';

export const PASSWORD = 'correct-horse';

export function fakeAccounts(customers: Map<string, Customer>): StubHandlers<typeof accountsRpc> {
  const byEmail = (email: string) => [...customers.values()].find((customer) => customer.email === email.toLowerCase());
  const byId = (id: string) => {
    const customer = customers.get(id);
    if (!customer) throw new AppError('not_found');
    return customer;
  };
  return {
    createCustomer: ({ email, name }) => {
      if (byEmail(email)) throw new AppError('email_taken');
      const id = `01900000-0000-7000-8000-${String(customers.size).padStart(12, 'd')}`;
      const customer: Customer = { id, email: email.toLowerCase(), name, role: 'customer' };
      customers.set(id, customer);
      return customer;
    },
    checkCredentials: ({ email, password }) => {
      const customer = byEmail(email);
      if (!customer || password !== PASSWORD) throw new AppError('bad_credentials');
      return customer;
    },
    getCustomer: ({ id }) => byId(id),
    getCustomers: ({ ids }) => ({ customers: ids.flatMap((id) => customers.get(id) ?? []) }),
    findCustomers: ({ q }) => ({
      ids: [...customers.values()].filter(({ email }) => email.startsWith(q.toLowerCase())).map(({ id }) => id),
    }),
    updateCustomer: ({ id, name }) => {
      customers.set(id, { ...byId(id), name });
      return byId(id);
    },
    changePassword: ({ current }) => {
      if (current !== PASSWORD) throw new AppError('bad_credentials');
      return { done: true };
    },
  };
}
