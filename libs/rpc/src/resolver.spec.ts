import { expect, it, vi } from 'vitest';
import { Resolver, type Address } from './resolver.js';

async function resolve(list: string, ...answers: (string[] | Error)[]): Promise<Address[]> {
  let found: Address[] = [];
  let asked = 0;
  const lookup = () => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const resolver = new Resolver(list, (addresses) => (found = addresses), lookup);
  for (let i = 0; i < Math.max(answers.length, 1); i += 1) await resolver.refresh();
  resolver.stop();
  return found;
}

it('uses IP addresses as they are and looks up names', async () => {
  expect(await resolve('10.0.0.1:4002,[::1]:4003,catalog:4004', ['10.0.0.7', '10.0.0.8'])).toEqual([
    { host: '10.0.0.1', port: 4002 },
    { host: '::1', port: 4003 },
    { host: '10.0.0.7', port: 4004 },
    { host: '10.0.0.8', port: 4004 },
  ]);
});

it('keeps the last good answer when a name cannot be looked up', async () => {
  expect(await resolve('catalog:4002', ['10.0.0.7'], new Error('SERVFAIL'))).toEqual([
    { host: '10.0.0.7', port: 4002 },
  ]);
  expect(await resolve('catalog:4002', ['10.0.0.7'], [])).toEqual([{ host: '10.0.0.7', port: 4002 }]);
});

it('has no addresses for a name that was never looked up with success', async () => {
  expect(await resolve('catalog:4002', new Error('ENOTFOUND'))).toEqual([]);
});

it('looks a name up again every second until it is stopped', async () => {
  vi.useFakeTimers();
  let asked = 0;
  const lookup = () => Promise.resolve([`10.0.0.${(asked += 1)}`]);
  const resolver = new Resolver('catalog:4002', () => undefined, lookup);
  await resolver.refresh();
  await vi.advanceTimersByTimeAsync(3000);
  expect(asked).toBe(4);
  resolver.stop();
  await vi.advanceTimersByTimeAsync(3000);
  expect(asked).toBe(4);
  vi.useRealTimers();
});

it.each(['catalog', 'catalog:99999', '[nowhere]:4002', '10.0.0.1:4002,'])(
  'refuses %s as a list of addresses',
  (list) => {
    expect(() => new Resolver(list, () => undefined)).toThrow('is not an address');
  },
);
