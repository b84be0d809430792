import { CustomerEntity } from './customer.entity.js';
import { IndexEmails1764600000600 } from './migrations/1764600000600-index-emails.js';
import { IndexNames1764600000601 } from './migrations/1764600000601-index-names.js';
import { IndexLastNames1764600000602 } from './migrations/1764600000602-index-last-names.js';
import { CreateCustomers1763800000000 } from './migrations/1763800000000-create-customers.js';

/** The database, for the service and for commands beside it. */
export const entities = [CustomerEntity];
export const migrations = [
  CreateCustomers1763800000000,
  IndexEmails1764600000600,
  IndexNames1764600000601,
  IndexLastNames1764600000602,
];
