import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '@shop/tools/processes';
import { journeys } from '../test/journeys.js';
import { Shopper } from '../test/shopper.js';
import { addPicture } from './add-picture.js';
import { ComposeShop, docker } from './compose-shop.js';
import { buildNextVersion, columnsOfOrders } from './next-version.js';

const MEGABYTE = 1_000_000;
const card = { method: 'card', token: 'tok_ok' };

let shop: ComposeShop;

beforeAll(async () => {
  shop = await ComposeShop.create('shop-test');
  await shop.compose('down', '--volumes', '--remove-orphans');
  await shop.up();
});
afterAll(async () => {
  await shop?.compose('down', '--volumes', '--remove-orphans', '--timeout', '30');
});

describe('the images', () => {
  test('add no more than 150 MB to their bases', async () => {
    const size = async (image: string) => Number(await docker('image', 'inspect', '-f', '{{.Size}}', image));
    expect((await size('shop:dev')) - (await size('node:24-bookworm-slim'))).toBeLessThan(150 * MEGABYTE);
  });

  test('run as nobody in particular, with nothing to write to', async () => {
    for (const service of ['gateway', 'catalog', 'image-worker']) {
      const [container] = await shop.containersOf(service);
      const script = `
        import { writeFileSync } from 'node:fs';
        const tried = (file) => { try { writeFileSync(file, ''); return 'written'; } catch ({ code }) { return code; } };
        console.log(process.getuid(), tried('/shop/x'), tried('/x'), tried('/tmp/x'));`;
      expect(await shop.inside(container!, script)).toBe('1000 EROFS EROFS written');
    }
    const top = await docker('top', (await shop.containersOf('edge'))[0]!, '-o', 'pid,uid');
    const uids = top
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[1]);
    expect(new Set(uids)).toEqual(new Set(['101']));
  });
});

describe('the shop in containers', () => {
  journeys(() => shop.url);

  test('is reached by nobody but through the edge', async () => {
    const ports = await docker(
      'ps',
      '--filter',
      `label=com.docker.compose.project=${shop.project}`,
      '--format',
      '{{.Ports}}',
    );
    const published = ports.split(/[\n,]/).flatMap((port) => (port.includes('->') ? [port.trim()] : []));
    expect(published).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+->8080\/tcp$/)]);
    for (const path of ['/metrics', '/readyz', '/livez', '/status'])
      expect((await fetch(shop.url + path)).status, path).toBe(404);
  });

  test('all of it takes no more than 1.5 GB', async () => {
    const ids = (await shop.compose('ps', '-q')).trim().split('\n');
    const usages = (await docker('stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}}', ...ids)).split('\n');
    console.log(usages.join('\n'));
    const megabytes = usages.map((line) => {
      const [, amount, unit] = / ([\d.]+)(KiB|MiB|GiB)/.exec(line)!;
      return Number(amount) * { KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit as 'MiB'];
    });
    expect(megabytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(1500);
  });

  test('keeps orders, sessions, carts and pictures when it is taken down and put up again', async () => {
    const sam = new Shopper(shop.url);
    await sam.register();
    const { items } = (await sam.get('/api/products?inStock=true&limit=2')).body;
    const placed = await sam.order({ lines: [{ productId: items[0].id, quantity: 1 }], payment: card });
    await sam.settled(placed.body.id, 30_000);
    await sam.send('PUT', `/api/cart/lines/${items[1].id}`, { quantity: 3 });
    const picture = await addPicture(shop.url, items[0].id);
    const bytes = await (await fetch(shop.url + picture)).bytes();
    await shop.compose('down', '--timeout', '30');
    await shop.up();
    expect(await (await fetch(shop.url + picture)).bytes()).toEqual(bytes);
    expect((await sam.get(`/api/orders/${placed.body.id}`)).body).toMatchObject({ status: 'paid' });
    expect((await sam.get('/api/cart')).body.lines).toMatchObject([{ productId: items[1].id, quantity: 3 }]);
  });

  test('migrates when it is upgraded, keeps what is there, and goes back', async () => {
    const settings = { SHOP_PORT: new URL(shop.url).port };
    const next = await ComposeShop.create(shop.project, { ...settings, SHOP_IMAGE: 'shop:next' });
    await buildNextVersion('shop:dev', 'shop:next');
    const columns = () => shop.compose('exec', '-T', 'postgres', ...columnsOfOrders);
    const sam = new Shopper(shop.url);
    await sam.register();
    const { items } = (await sam.get('/api/products?inStock=true&limit=1')).body;
    const buy = async () => {
      const placed = await sam.order({ lines: [{ productId: items[0].id, quantity: 1 }], payment: card });
      expect(await sam.settled(placed.body.id, 30_000)).toMatchObject({ status: 'paid' });
    };
    await buy();
    expect(await columns()).not.toContain('remark');
    await next.up();
    expect(await columns()).toContain('remark');
    await buy();
    await shop.up();
    await buy();
    expect((await sam.get('/api/orders')).body.items).toHaveLength(3);
  });

  test('spreads over replicas that are added, and over those that are left', async () => {
    const spread = async (query: string) => {
      const containers = { catalog: await shop.containersOf('catalog'), gateway: await shop.containersOf('gateway') };
      const count = async () => [
        await Promise.all(containers.catalog.map((name) => shop.counted(name, 'rpc_server_requests_total'))),
        await Promise.all(containers.gateway.map((name) => shop.counted(name, 'http_requests_total'))),
      ];
      const before = await count();
      for (let i = 0; i < 120; i++) expect((await fetch(`${shop.url}/api/products?q=${query}${i}`)).status).toBe(200);
      return (await count()).map((counts, i) => counts.map((now, j) => now - before[i]![j]!));
    };
    await shop.up('--scale', 'catalog=3', '--scale', 'gateway=2', '--no-recreate');
    await sleep(2500); // names are looked up every second
    const [catalogs, gateways] = await spread('more');
    expect(catalogs).toHaveLength(3);
    for (const share of catalogs!) expect(share).toBeGreaterThan(25);
    expect(gateways).toHaveLength(2);
    for (const share of gateways!) expect(share).toBeGreaterThan(40);
    await shop.up('--scale', 'catalog=1', '--scale', 'gateway=1', '--no-recreate');
    const [left] = await spread('less');
    expect(left).toHaveLength(1);
    expect(left![0]).toBeGreaterThanOrEqual(120);
  });
});

test('with the profile s3, pictures are in the server for them, and nowhere else', async () => {
  const other = await ComposeShop.create('shop-test-s3', { STORAGE: 's3', COMPOSE_PROFILES: 's3' });
  try {
    await other.up();
    const { items } = (await (await fetch(`${other.url}/api/products?limit=1`)).json()) as { items: { id: string }[] };
    const path = await addPicture(other.url, items[0]!.id);
    expect((await fetch(other.url + path)).headers.get('content-type')).toMatch(/^image\//);
    const filesIn = (volume: string) =>
      docker(
        'run',
        '--rm',
        '-v',
        `shop-test-s3_${volume}:/v:ro`,
        '--entrypoint',
        'find',
        'postgres:18',
        '/v',
        '-type',
        'f',
      );
    expect(await filesIn('s3')).toContain(path.split('/').at(-1));
    expect(await filesIn('media')).toBe('');
  } finally {
    await other.compose('down', '--volumes', '--timeout', '30');
  }
});

describe('what is wrong is said in a line', () => {
  test('an image that is not there', async () => {
    const other = await ComposeShop.create('shop-test-wrong', { SHOP_IMAGE: 'shop:no-such-tag' });
    const { code, output } = await other.tryCompose('up', '--wait');
    expect(code).not.toBe(0);
    expect(output).toContain('shop:no-such-tag');
    await other.compose('down', '--volumes');
  });

  test('a port in use', async () => {
    const taken = new URL(shop.url).port;
    const other = await ComposeShop.create('shop-test-wrong', { SHOP_PORT: taken });
    const { code, output } = await other.tryCompose('up', '--wait', '--no-deps', 'edge');
    expect(code).not.toBe(0);
    expect(output).toMatch(new RegExp(`${taken}.*(already|in use)`));
    await other.compose('down', '--volumes');
  });

  test('data of another version of Postgres, which stays as it is', async () => {
    const other = await ComposeShop.create('shop-test-wrong');
    const start = () => other.tryCompose('up', '--wait', '--wait-timeout', '60', 'postgres');
    const version = '/v/18/docker/PG_VERSION';
    const inVolume = (script: string) =>
      docker('run', '--rm', '-v', 'shop-test-wrong_postgres:/v', '--entrypoint', 'sh', 'postgres:18', '-c', script);
    expect(await start()).toMatchObject({ code: 0 });
    await other.compose('down');
    await inVolume(`echo 14 > ${version}`);
    const { code, output } = await start();
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('postgres') });
    expect(await other.compose('logs', 'postgres')).toMatch(/initialized by PostgreSQL version 14/);
    await other.compose('down');
    await inVolume(`echo 18 > ${version}`);
    expect(await start()).toMatchObject({ code: 0 });
    await other.compose('down', '--volumes');
  });

  test('too little memory', async () => {
    const { code, output } = await run(['docker', 'run', '--rm', '-m', '24m', '--memory-swap', '24m', 'shop:dev']);
    expect({ code, output }).toMatchObject({ code: 137 });
  });

  test('a missing secret', async () => {
    const { output } = await run([
      'docker',
      'run',
      '--rm',
      '-e',
      'PAYMENT_PROVIDER=stripe',
      'shop:dev',
      'apps/payments/dist/main.js',
    ]);
    expect(output).toMatch(/STRIPE_SECRET_KEY/);
  });
});
