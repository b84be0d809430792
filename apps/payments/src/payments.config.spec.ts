import { readConfigs } from '@shop/kit/config';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function providerOf(nodeEnv: string, env: Record<string, string>) {
  vi.stubEnv('NODE_ENV', nodeEnv);
  vi.resetModules();
  const { paymentsConfig } = await import('./payments.config.js');
  const values = readConfigs([paymentsConfig], env).get(paymentsConfig.token);
  return (values as { PAYMENT_PROVIDER: string }).PAYMENT_PROVIDER;
}

test('the fake provider charges cards in development', async () => {
  expect(await providerOf('development', {})).toBe('fake');
});

test('production refuses to start without a configured payment provider', async () => {
  await expect(providerOf('production', {})).rejects.toThrow('PAYMENT_PROVIDER: must name who charges cards');
  expect(await providerOf('production', { PAYMENT_PROVIDER: 'fake' })).toBe('fake');
});
