// Mistakes in the configuration fail with a one-line reason and damage nothing.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { run } from '@shop/tools/processes';
import { afterEach, expect, test } from 'vitest';
import { ComposeShop, docker } from '../compose.js';

const PROJECT = 'shop-test-wrong';

afterEach(async () => {
  await (await ComposeShop.create(PROJECT)).compose('down', '--volumes', '--remove-orphans');
});

test('a container image that does not exist is named in the error', async () => {
  const shop = await ComposeShop.create(PROJECT, { SHOP_IMAGE: 'shop:no-such-tag' });
  const { code, output } = await shop.tryCompose('up', '--no-build', '--wait');
  expect(code).not.toBe(0);
  expect(output).toContain('shop:no-such-tag');
});

test('a port in use is named in the error', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shop = await ComposeShop.create(PROJECT, { SHOP_PORT: String(port) });
  const { code, output } = await shop.tryCompose('up', '--wait', '--no-deps', 'edge');
  server.close();
  expect(code).not.toBe(0);
  expect(output).toMatch(new RegExp(`${port}.*(already|in use)`));
});

test('production does not start without a payment provider, and has no demo data', async () => {
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

test('data of another Postgres version is refused and left unchanged', async () => {
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

test('a Postgres that lacks one of its databases does not become healthy', async () => {
  const shop = await ComposeShop.create(PROJECT);
  expect(await startPostgres(shop)).toMatchObject({ code: 0 });
  await shop.compose('exec', '-T', 'postgres', 'psql', '-U', 'postgres', '-c', 'drop database payments');
  await shop.compose('down');
  // Compose exits with 1 for a container that never becomes healthy, but with 0 if it checks just as its timeout ends.
  await startPostgres(shop);
  const container = `${PROJECT}-postgres-1`;
  expect(await docker('inspect', '-f', '{{.State.Health.Status}}', container)).toMatch(/^(starting|unhealthy)$/);
  expect(await shop.compose('logs', 'postgres')).toMatch(/database "payments" does not exist/);
});

test('a container with too little memory is killed', async () => {
  const { code, output } = await run(['docker', 'run', '--rm', '-m', '24m', '--memory-swap', '24m', 'shop:dev']);
  expect({ code, output }).toMatchObject({ code: 137 });
});

test('a missing secret is named in the error', async () => {
  const stripe = ['-e', 'PAYMENT_PROVIDER=stripe', 'shop:dev', 'apps/payments/dist/main.js'];
  const { code, output } = await run(['docker', 'run', '--rm', ...stripe]);
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('STRIPE_SECRET_KEY') });
});
