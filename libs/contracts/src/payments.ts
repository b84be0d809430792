// What payments answers and does: charging an order exactly once.
import * as z from 'zod';
import { defineJobs } from './jobs.js';
import { DeclineReason, PaymentMethod } from './orders.js';
import { defineRpcs } from './rpc.js';
import { Currency, Id } from './values.js';

/** `unknown`: never asked to charge this order. `waiting`: asked, the outcome is open. */
export const PaymentState = z.object({
  status: z.enum(['unknown', 'waiting', 'paid', 'declined']),
  reason: DeclineReason.optional(),
});
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
