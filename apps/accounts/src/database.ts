// The database, for the service and for commands beside it.
import { indexMigration } from '@shop/kit/index-migration';
import { CustomerEntity } from './customer.entity.js';
import { CreateCustomers1763800000000 } from './migrations/create-customers.js';

export const entities = [CustomerEntity];
export const migrations = [
  CreateCustomers1763800000000,
  // For prefixes: the collation of customers_email finds whole addresses only.
  indexMigration('IndexEmails1764600000600', { customers_by_email: 'customers ((lower(email) collate "C"), id desc)' }),
  // Newest customers of a name first.
  indexMigration('IndexNames1764600000601', { customers_by_name: 'customers ((lower(name) collate "C"), id desc)' }),
  // The last word of a name.
  indexMigration('IndexLastNames1764600000602', {
    customers_by_last_name: `customers ((lower(substring(name from '[^ ]+$')) collate "C"), id desc)`,
  }),
];
