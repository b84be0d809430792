// Every way the shop says no: the code a client can act on, its HTTP status and its title.
import * as z from 'zod';

export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  idempotency_key_required: { status: 400, title: 'An Idempotency-Key header is required' },
  empty_order: { status: 400, title: 'There is nothing to order' },
  login_required: { status: 401, title: 'Please log in' },
  bad_credentials: { status: 401, title: 'E-mail address or password is wrong' },
  forbidden: { status: 403, title: 'This is not allowed' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This method is not allowed here' },
  email_taken: { status: 409, title: 'This e-mail address has an account already' },
  slug_taken: { status: 409, title: 'This slug is in use already' },
  out_of_stock: { status: 409, title: 'There is not enough of a product' },
  price_changed: { status: 409, title: 'The price has changed' },
  cart_already_ordered: { status: 409, title: 'This cart has been ordered already' },
  refund_exceeds_payment: { status: 409, title: 'More than was paid cannot be refunded' },
  refund_failed: { status: 409, title: 'The refund failed' },
  stale_version: { status: 412, title: 'Somebody else changed this in the meantime' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'This kind of content is not accepted here' },
  range_not_satisfiable: { status: 416, title: 'The file has no such part' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key was used for another request' },
  version_required: { status: 428, title: 'An If-Match header is required' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'Please try again in a moment' },
  overloaded: { status: 503, title: 'There is too much to do right now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export const FieldError = z.object({
  field: z.string().meta({ description: 'Path in the body or query', example: 'lines[0].quantity' }),
  message: z.string(),
});
export type FieldError = z.infer<typeof FieldError>;

/**
 * What goes with some codes: `errors` with invalid_request, `totalCents` with price_changed, `productIds` with out_of_stock,
 * `orderId` with cart_already_ordered.
 */
export const ProblemExtras = z.object({
  errors: z.array(FieldError).optional(),
  totalCents: z.int().optional(),
  productIds: z.array(z.uuid()).optional(),
  orderId: z.uuid().optional(),
});
export type ProblemExtras = z.infer<typeof ProblemExtras>;

/** The body of every error, as application/problem+json (RFC 9457). */
export const Problem = ProblemExtras.extend({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string(),
  requestId: z.string(),
}).meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
