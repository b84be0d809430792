import { IdempotencyKey } from '@shop/contracts/orders';
import { AppError } from '@shop/rpc/errors';

/** Reads the header Idempotency-Key. idempotency_key_required, invalid_request. */
export function readIdempotencyKey(header: string | undefined): string {
  if (!header) throw new AppError('idempotency_key_required');
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  const message = key.error.issues[0]!.message;
  throw new AppError('invalid_request', `Idempotency-Key: ${message}`, {
    errors: [{ field: 'Idempotency-Key', message }],
  });
}
