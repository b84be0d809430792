// What accounts answers: customers, staff and their passwords.
import * as z from 'zod';
import { MAX_FOUND_CUSTOMERS } from './limits.js';
import { defineRpcs } from './rpc.js';
import { Id, SearchText, Text } from './values.js';

export const Role = z.enum(['customer', 'staff']);
export type Role = z.infer<typeof Role>;

export const Email = z.email().max(254);
export const Password = z.string().min(10).max(200);
const Name = Text.trim().min(1).max(120);

export const Customer = z.object({ id: Id, email: z.string(), name: z.string(), role: Role }).meta({ id: 'Customer' });
export type Customer = z.infer<typeof Customer>;

export const CustomerAnswer = z.object({ customer: Customer }).meta({ id: 'CustomerAnswer' });
export type CustomerAnswer = z.infer<typeof CustomerAnswer>;
/** Null before log-in. */
export const SessionAnswer = z.object({ customer: Customer.nullable() }).meta({ id: 'SessionAnswer' });
export type SessionAnswer = z.infer<typeof SessionAnswer>;

export const Registration = z.strictObject({ email: Email, password: Password, name: Name });
export type Registration = z.infer<typeof Registration>;

/** Looser than a registration: whatever is wrong with it, the answer is bad_credentials. */
export const Credentials = z.strictObject({ email: Text.min(1).max(254), password: z.string().min(1).max(1000) });
export type Credentials = z.infer<typeof Credentials>;

export const CustomerPatch = z.strictObject({ name: Name });
export type CustomerPatch = z.infer<typeof CustomerPatch>;

export const PasswordChange = z.strictObject({ current: z.string().min(1).max(1000), next: Password });
export type PasswordChange = z.infer<typeof PasswordChange>;

export const accountsRpc = defineRpcs('accounts', {
  /** email_taken, whatever the case of its letters. */
  createCustomer: { input: Registration, output: Customer, idempotent: false, deadlineMs: 5000 },
  /** bad_credentials after the same time for an unknown address and a wrong password. */
  checkCredentials: { input: Credentials, output: Customer, idempotent: true, deadlineMs: 5000 },
  getCustomer: { input: z.object({ id: Id }), output: Customer, idempotent: true, deadlineMs: 2000 },
  /** Those that do not exist are left out. */
  getCustomers: {
    input: z.object({ ids: z.array(Id).max(100) }),
    output: z.object({ customers: z.array(Customer) }),
    idempotent: true,
    deadlineMs: 2000,
  },
  /** Whose e-mail address, name or last name begins with `q`, whatever the case; no more than the first of them. */
  findCustomers: {
    input: z.object({ q: SearchText }),
    output: z.object({ ids: z.array(Id).max(MAX_FOUND_CUSTOMERS) }),
    idempotent: true,
    deadlineMs: 2000,
  },
  updateCustomer: { input: CustomerPatch.extend({ id: Id }), output: Customer, idempotent: true, deadlineMs: 5000 },
  changePassword: {
    input: PasswordChange.extend({ id: Id }),
    output: z.object({ done: z.literal(true) }),
    idempotent: false,
    deadlineMs: 5000,
  },
});
