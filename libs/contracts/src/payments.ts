// What payments answers and does: charging an order exactly once.
import * as z from 'zod';
import { defineJobs } from './jobs.js';
import { PaymentMethod, PaymentOutcome } from './orders.js';
import { defineRpcs } from './rpc.js';
import { Currency, Id } from './values.js';

/** `unknown`: never asked to charge this order. `waiting`: asked, the outcome is open. */
export const PaymentState = z.discriminatedUnion('status', [
  z.object({ status: z.literal('unknown') }),
  z.object({ status: z.literal('waiting') }),
  ...PaymentOutcome.options,
]);
export type PaymentState = z.infer<typeof PaymentState>;

export const paymentsRpc = defineRpcs('payments', {
  getPayment: { input: z.object({ orderId: Id }), output: PaymentState, idempotent: true, deadlineMs: 2000 },
});

export const ChargePayment = z.object({
  orderId: Id,
  customerId: Id,
  amountCents: z.int().min(0),
  currency: Currency,
  payment: PaymentMethod,
});
export type ChargePayment = z.infer<typeof ChargePayment>;

export const paymentsJobs = defineJobs('payments', {
  chargePayment: { payload: ChargePayment },
});
