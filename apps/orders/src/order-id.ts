import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

/** The number of logical buckets of customers. Orders can be spread over shards by the bucket in their id. */
export const BUCKETS = 1024;

/** A customer's bucket never changes, 0 to 1023. */
export function bucketOfCustomer(customerId: string): number {
  return createHash('sha256').update(customerId.toLowerCase()).digest().readUInt16BE() % BUCKETS;
}

/** A UUIDv7 (RFC 9562) whose last ten bits, random otherwise, are the customer's bucket. */
export function newOrderId(customerId: string): string {
  const id = uuidv7();
  const random = parseInt(id.slice(-3), 16) & ~(BUCKETS - 1);
  return id.slice(0, -3) + (random | bucketOfCustomer(customerId)).toString(16).padStart(3, '0');
}

export function bucketOfOrder(orderId: string): number {
  return parseInt(orderId.slice(-3), 16) & (BUCKETS - 1);
}
