// Orders: how they are placed, what they look like, and what orders answers and does for others.
import * as z from 'zod';
import { LineRequests, PricedLine } from './catalog.js';
import { defineJobs } from './jobs.js';
import { MAX_FOUND_CUSTOMERS } from './limits.js';
import { defineRpcs } from './rpc.js';
import { Cents, Currency, Cursor, Id, Limit, SearchText, Text as AnyText, Timestamp, pageOf } from './values.js';

export const OrderStatus = z.enum(['new', 'pending', 'paid', 'rejected', 'refunded']);
export type OrderStatus = z.infer<typeof OrderStatus>;

/** Why a payment was not made. */
export const DeclineReason = z.enum([
  'card_declined',
  'authentication_required',
  'insufficient_credit',
  'provider_unavailable',
]);
export type DeclineReason = z.infer<typeof DeclineReason>;

/** What became of a payment, once that is certain. */
export const PaymentOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('paid') }),
  z.object({ status: z.literal('declined'), reason: DeclineReason }),
]);
export type PaymentOutcome = z.infer<typeof PaymentOutcome>;

export const RejectReason = z.enum([...DeclineReason.options, 'out_of_stock', 'price_changed']);
export type RejectReason = z.infer<typeof RejectReason>;

export const PaymentMethod = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('card'), token: AnyText.min(1).max(255) }),
  z.strictObject({ method: z.literal('credit') }),
]);
export type PaymentMethod = z.infer<typeof PaymentMethod>;

const Text = AnyText.trim().min(1).max(200);
export const ShippingAddress = z
  .strictObject({
    name: Text,
    street: Text,
    postalCode: AnyText.trim().min(1).max(20),
    city: Text,
    country: z.string().regex(/^[A-Z]{2}$/, 'must be a two-letter country code'),
  })
  .meta({ id: 'ShippingAddress' });
export type ShippingAddress = z.infer<typeof ShippingAddress>;

/** The body of POST /api/orders. Without `lines` it orders the cart. */
export const OrderRequest = z.strictObject({
  lines: LineRequests.optional(),
  payment: PaymentMethod,
  expectedTotalCents: z.int().min(0).optional(),
  shippingAddress: ShippingAddress.optional(),
});
export type OrderRequest = z.infer<typeof OrderRequest>;

export const IdempotencyKey = z.string().regex(/^[\x20-\x7e]{1,128}$/, 'must be 1 to 128 printable characters');

export const Order = z
  .object({
    id: Id,
    status: OrderStatus,
    reason: RejectReason.optional(),
    lines: z.array(PricedLine),
    totalCents: z.int(),
    refundedCents: z.int(),
    currency: Currency,
    createdAt: Timestamp,
    shippingAddress: ShippingAddress.optional(),
  })
  .meta({ id: 'Order' });
export type Order = z.infer<typeof Order>;
export const OrderPage = pageOf(Order).meta({ id: 'OrderPage' });
export type OrderPage = z.infer<typeof OrderPage>;

/** With whose it is, when staff ask. */
export const OrderOfCustomer = Order.extend({ customerId: Id.optional() });
export type OrderOfCustomer = z.infer<typeof OrderOfCustomer>;

/** What pages show as the number of an order: the end of its id. Several orders may have the same. */
export const OrderNumber = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^#?[0-9a-f]{8}$/)
  .transform((text) => text.slice(-8));

export const PlaceOrder = z.object({
  customerId: Id,
  idempotencyKey: IdempotencyKey,
  /** SHA-256 of the body as sent, in hex: the same key with another body is refused. */
  bodyHash: z.string().length(64),
  lines: LineRequests,
  /** The cart these lines came from. It is ordered once, and the gateway takes out what was ordered. */
  cartVersion: z.string().max(64).optional(),
  payment: PaymentMethod,
  expectedTotalCents: z.int().optional(),
  shippingAddress: ShippingAddress.optional(),
});
export type PlaceOrder = z.infer<typeof PlaceOrder>;

/** The body of POST /api/orders/{id}/refunds. Without `amountCents` all that is left. */
export const RefundRequest = z.strictObject({ amountCents: Cents.min(1).optional(), reason: Text });
export type RefundRequest = z.infer<typeof RefundRequest>;

export const ordersRpc = defineRpcs('orders', {
  /**
   * empty_order, invalid_request (unknown product), out_of_stock, price_changed, idempotency_key_reused. With
   * `alreadyOrdered` this key made no order: `order` is the one that another key made of the same cart.
   */
  placeOrder: {
    input: PlaceOrder,
    output: z.object({
      order: Order,
      cartVersion: z.string().optional(),
      alreadyOrdered: z.literal(true).optional(),
    }),
    idempotent: true,
    deadlineMs: 10_000,
  },
  /** not_found for an order of another customer; no `customerId` means staff. */
  getOrder: {
    input: z.object({ id: Id, customerId: Id.optional() }),
    output: OrderOfCustomer,
    idempotent: true,
    deadlineMs: 2000,
  },
  /**
   * Newest first; no `customerId` means staff. `q` is the id of an order or of a customer, or an OrderNumber, or else the
   * beginning of a name on a shipping address; orders of `customerIds` are found besides.
   */
  listOrders: {
    input: z.object({
      customerId: Id.optional(),
      q: SearchText.optional(),
      customerIds: z.array(Id).max(MAX_FOUND_CUSTOMERS).optional(),
      status: OrderStatus.optional(),
      limit: Limit,
      cursor: Cursor.optional(),
    }),
    output: pageOf(OrderOfCustomer),
    idempotent: true,
    deadlineMs: 2000,
  },
  /** The order as it stands; payments gives the money back later. Refuses as payments' requestRefund does; not_found. */
  refundOrder: {
    input: RefundRequest.extend({ id: Id, idempotencyKey: IdempotencyKey }),
    output: Order,
    idempotent: true,
    deadlineMs: 5000,
  },
  /**
   * Payments reports the sum of all refunds of this order. It goes down when a refund that was made fails;
   * a higher `revision` is newer. Both versions that know it send and answer it; `unavailable` when it takes a newer payments.
   */
  refundSettled: {
    input: z.object({ orderId: Id, refundedCents: z.int().min(0), revision: z.int().min(1).optional() }),
    output: z.object({ done: z.literal(true), revision: z.int().optional() }),
    idempotent: true,
    deadlineMs: 5000,
  },
  /** Orders that do not exist are left out. */
  orderStates: {
    input: z.object({ ids: z.array(Id).max(100) }),
    output: z.object({ orders: z.array(z.object({ id: Id, status: OrderStatus })) }),
    idempotent: true,
    deadlineMs: 2000,
  },
});

export const ordersJobs = defineJobs('orders', {
  /** Told by payments once it is certain whether an order was paid. */
  paymentSettled: {
    payload: z.object({ orderId: Id, outcome: PaymentOutcome }),
  },
});
