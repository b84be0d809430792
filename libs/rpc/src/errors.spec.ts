import { expect, test } from 'vitest';
import { AppError, fromWireError, invalidRequest, toWireError } from './errors.js';

test('a refusal crosses the wire unchanged', () => {
  const error = new AppError('price_changed', 'It costs more now.', { totalCents: 1200 });
  const crossed = fromWireError(JSON.parse(JSON.stringify(toWireError(error))));
  expect(crossed).toMatchObject({
    code: 'price_changed',
    status: 409,
    detail: 'It costs more now.',
    extras: { totalCents: 1200 },
  });
});

test('a bug crosses as internal, without its message', () => {
  expect(toWireError(new Error('password=secret'))).toMatchObject({
    code: 'internal',
    detail: 'Something went wrong here',
  });
});

test.each([
  Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
  Object.assign(new Error('terminating connection'), { code: '57P01' }),
  new Error('Connection terminated unexpectedly'),
  new Error("Stream isn't writeable and enableOfflineQueue options is false"),
  new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })]),
])('an outage of a store crosses as unavailable: %s', (error) => {
  expect(toWireError(error)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
});

test('field errors carry the path of the field in the body', () => {
  const error = invalidRequest([{ path: ['lines', 0, 'quantity'], message: 'must be at least 1' }]);
  expect(error.detail).toBe('lines[0].quantity: must be at least 1');
  expect(error.extras.errors).toEqual([{ field: 'lines[0].quantity', message: 'must be at least 1' }]);
});
