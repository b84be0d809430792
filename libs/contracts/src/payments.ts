// What payments answers and does: charging an order exactly once, giving money back, and store credit.
import * as z from 'zod';
import { defineJobs } from './jobs.js';
import { IdempotencyKey, PaymentMethod, PaymentOutcome, RefundRequest } from './orders.js';
import { defineRpcs } from './rpc.js';
import { CURRENCY } from './currency.js';
import { Cents, Currency, Id, Text, Timestamp } from './values.js';

const providers = ['fake', 'stripe'] as const;
/** The payment providers that can charge cards. */
export const PaymentProviderName = z.enum(providers, {
  error: `must name who charges cards: ${providers.join(' or ')}`,
});
export type PaymentProviderName = z.infer<typeof PaymentProviderName>;

/** `unknown`: never asked to charge this order. `waiting`: asked, the outcome is open. */
export const PaymentState = z.discriminatedUnion('status', [
  z.object({ status: z.literal('unknown') }),
  z.object({ status: z.literal('waiting') }),
  ...PaymentOutcome.options,
]);
export type PaymentState = z.infer<typeof PaymentState>;

/** Money that came to a customer's store credit, or left it (negative). */
export const CreditEntry = z
  .object({ id: Id, amountCents: z.int(), reference: z.string(), createdAt: Timestamp })
  .meta({ id: 'CreditEntry' });
export type CreditEntry = z.infer<typeof CreditEntry>;

/** The balance, and its newest hundred entries. */
export const Credit = z.object({ balanceCents: z.int(), entries: z.array(CreditEntry) }).meta({ id: 'Credit' });
export type Credit = z.infer<typeof Credit>;

/** The body of POST /api/customers/{id}/credit. */
export const CreditGift = z.strictObject({
  amountCents: Cents.min(1),
  reference: Text.trim()
    .min(1)
    .max(200)
    .meta({ description: 'Your name for this gift: it is given to this customer once' }),
});
export type CreditGift = z.infer<typeof CreditGift>;

/** `waiting`: written down, or under way at the payment provider. `failed` has a `failure`, in the provider's words. */
export const RefundStatus = z.enum(['waiting', 'refunded', 'failed']);
export type RefundStatus = z.infer<typeof RefundStatus>;

export const Refund = z
  .object({
    id: Id,
    amountCents: z.int(),
    status: RefundStatus,
    reason: z.string(),
    failure: z.string().optional(),
    createdAt: Timestamp,
  })
  .meta({ id: 'Refund' });
export type Refund = z.infer<typeof Refund>;

/** The newest hundred of an order, newest first. */
export const RefundList = z.object({ items: z.array(Refund) }).meta({ id: 'RefundList' });
export type RefundList = z.infer<typeof RefundList>;

const Done = z.object({ done: z.literal(true) });

export const paymentsRpc = defineRpcs('payments', {
  getPayment: { input: z.object({ orderId: Id }), output: PaymentState, idempotent: true, deadlineMs: 2000 },
  /**
   * Writes a refund down, to be made soon. refund_exceeds_payment, also for what was never paid; idempotency_key_reused;
   * refund_failed when the refund of this key did.
   */
  requestRefund: {
    input: RefundRequest.extend({ orderId: Id, idempotencyKey: IdempotencyKey }),
    output: Done,
    idempotent: true,
    deadlineMs: 5000,
  },
  /** Empty for an order that payments does not know. */
  listRefunds: { input: z.object({ orderId: Id }), output: RefundList, idempotent: true, deadlineMs: 2000 },
  getCredit: { input: z.object({ customerId: Id }), output: Credit, idempotent: true, deadlineMs: 2000 },
  /** The first gift of this reference, however often it is asked for; idempotency_key_reused with another amount. */
  giveCredit: { input: CreditGift.extend({ customerId: Id }), output: CreditEntry, idempotent: true, deadlineMs: 5000 },
  /** A message of Stripe's as it came. forbidden when it is not from there, or old; not_found where Stripe is not in use. */
  receiveStripeEvent: {
    input: z.object({ body: z.string(), signature: z.string().max(2000) }),
    output: Done,
    idempotent: true,
    deadlineMs: 5000,
  },
});

export const ChargePayment = z.object({
  orderId: Id,
  customerId: Id,
  amountCents: z.int().min(0),
  /** None in a job of the version before, about an order that it wrote while the column had lost its default. */
  currency: Currency.nullish().transform((currency) => currency ?? CURRENCY),
  payment: PaymentMethod,
});
export type ChargePayment = z.infer<typeof ChargePayment>;

export const paymentsJobs = defineJobs('payments', {
  chargePayment: { payload: ChargePayment },
});
