// What is wrong is said in a line, and nothing is broken by it.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { run } from '@shop/tools/processes';
import { afterEach, expect, test } from 'vitest';
import { ComposeShop, docker } from './compose-shop.js';

const PROJECT = 'shop-test-wrong';

afterEach(async () => {
  await (await ComposeShop.create(PROJECT)).compose('down', '--volumes', '--remove-orphans');
});

test('an image that is not there', async () => {
  const shop = await ComposeShop.create(PROJECT, { SHOP_IMAGE: 'shop:no-such-tag' });
  const { code, output } = await shop.tryCompose('up', '--wait');
  expect(code).not.toBe(0);
  expect(output).toContain('shop:no-such-tag');
});

test('a port in use', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shop = await ComposeShop.create(PROJECT, { SHOP_PORT: String(port) });
  const { code, output } = await shop.tryCompose('up', '--wait', '--no-deps', 'edge');
  server.close();
  expect(code).not.toBe(0);
  expect(output).toMatch(new RegExp(`${port}.*(already|in use)`));
});

test('production without a word about payments, which is no demo either', async () => {
  const shop = await ComposeShop.create(PROJECT, { NODE_ENV: 'production' });
  const config = JSON.parse(await shop.compose('config', '--format', 'json')) as {
    services: Record<string, { environment: Record<string, string> }>;
  };
  for (const service of ['accounts', 'catalog', 'payments'])
    expect(config.services[service]!.environment).toMatchObject({ NODE_ENV: 'production', SEED: 'none' });
  const { code } = await shop.tryCompose('up', '--wait', '--wait-timeout', '30', 'payments');
  expect(code).not.toBe(0);
  expect(await shop.compose('logs', 'payments')).toMatch(/PAYMENT_PROVIDER: must name who charges cards/);
});

const startPostgres = async (shop: ComposeShop) => shop.tryCompose('up', '--wait', '--wait-timeout', '45', 'postgres');

test('data of another version of Postgres, which stays as it is', async () => {
  const shop = await ComposeShop.create(PROJECT);
  const version = '/v/18/docker/PG_VERSION';
  const inVolume = (script: string) =>
    docker('run', '--rm', '-v', `${PROJECT}_postgres:/v`, '--entrypoint', 'sh', 'postgres:18', '-c', script);
  expect(await startPostgres(shop)).toMatchObject({ code: 0 });
  await shop.compose('down');
  await inVolume(`echo 14 > ${version}`);
  const { code, output } = await startPostgres(shop);
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('postgres') });
  expect(await shop.compose('logs', 'postgres')).toMatch(/initialized by PostgreSQL version 14/);
  await shop.compose('down');
  await inVolume(`echo 18 > ${version}`);
  expect(await startPostgres(shop)).toMatchObject({ code: 0 });
});

test('a Postgres that was interrupted before it had its databases', async () => {
  const shop = await ComposeShop.create(PROJECT);
  expect(await startPostgres(shop)).toMatchObject({ code: 0 });
  await shop.compose('exec', '-T', 'postgres', 'psql', '-U', 'postgres', '-c', 'drop database payments');
  await shop.compose('down');
  // Of one that never becomes healthy compose says 1, and 0 when it looks just as its time is over.
  await startPostgres(shop);
  const container = `${PROJECT}-postgres-1`;
  expect(await docker('inspect', '-f', '{{.State.Health.Status}}', container)).toMatch(/^(starting|unhealthy)$/);
  expect(await shop.compose('logs', 'postgres')).toMatch(/database "payments" does not exist/);
});

test('too little memory', async () => {
  const { code, output } = await run(['docker', 'run', '--rm', '-m', '24m', '--memory-swap', '24m', 'shop:dev']);
  expect({ code, output }).toMatchObject({ code: 137 });
});

test('a missing secret', async () => {
  const stripe = ['-e', 'PAYMENT_PROVIDER=stripe', 'shop:dev', 'apps/payments/dist/main.js'];
  const { code, output } = await run(['docker', 'run', '--rm', ...stripe]);
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('STRIPE_SECRET_KEY') });
});
