import { validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { BUCKETS, bucketOfCustomer, bucketOfOrder, newOrderId } from './order-id.js';

const customer = '01900000-0000-7000-8000-000000000001';

test('an order id is a UUIDv7, and later ids sort after earlier ones', () => {
  const ids = Array.from({ length: 2000 }, () => newOrderId(customer));
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an order id tells the bucket of its customer, however the customer id is written', () => {
  for (let i = 0; i < 100; i++) expect(bucketOfOrder(newOrderId(customer))).toBe(bucketOfCustomer(customer));
  expect(bucketOfCustomer('01900000-ABCD-7000-8000-000000000001')).toBe(
    bucketOfCustomer('01900000-abcd-7000-8000-000000000001'),
  );
});

test('customers are spread over all buckets', () => {
  const counts = new Array<number>(BUCKETS).fill(0);
  for (let i = 0; i < 20_000; i++)
    counts[bucketOfCustomer(`01900000-0000-7000-8000-${String(i).padStart(12, '0')}`)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(Math.max(...counts)).toBeLessThan(60);
});
