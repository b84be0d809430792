import { CustomerRow } from './customer.entity.js';
import { CreateCustomers1763800000000 } from './migrations/1763800000000-create-customers.js';

/** What the database consists of, for the service and for commands beside it. */
export const entities = [CustomerRow];
export const migrations = [CreateCustomers1763800000000];
