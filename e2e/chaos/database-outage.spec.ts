// Requests that need a database which is down.
import type { Problem } from '@shop/contracts/problems';
import type { Running } from '@shop/kit/launch';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, type TestDatabase } from '@shop/kit/testing/stores';
import { ToxicProxy } from '@shop/kit/testing/toxic-proxy';
import { accounts } from '@shop/accounts/accounts.module';
import { gateway } from '@shop/gateway/gateway.module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redisEnv } from '../stores.js';

const DEADLINE_MS = 3000;

let database: TestDatabase;
let wire: ToxicProxy;
let running: Running;
beforeAll(async () => {
  database = await createTestDatabase('accounts');
  wire = await ToxicProxy.toUrl(database.url);
  running = await startForTest([accounts, gateway], {
    ACCOUNTS_DATABASE_URL: wire.through(database.url),
    ...redisEnv(),
    REQUEST_DEADLINE_MS: String(DEADLINE_MS),
    RATE_LIMITS: 'off',
    SEED: 'demo',
  });
});
afterAll(async () => {
  await running?.stop();
  await database?.drop();
  await wire?.cut();
});

const logIn = () =>
  fetch(`${running.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'demo@shop.test', password: 'demo-password' }),
  });

test.each(['cut', 'silence'] as const)(
  'while Postgres is unreachable (%s), a request that needs it is refused within its deadline, and served again afterwards',
  async (failure) => {
    expect((await logIn()).status).toBe(200);
    await wire[failure]();
    for (let i = 0; i < 3; i++) {
      const beganAt = performance.now();
      const answer = await logIn();
      expect(performance.now() - beganAt).toBeLessThan(DEADLINE_MS + 1000);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(((await answer.json()) as Problem).code).toBe('unavailable');
    }
    if (failure === 'silence') await wire.cut();
    await wire.mend();
    await expect.poll(async () => (await logIn()).status, { timeout: 10_000 }).toBe(200);
  },
);
