import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '@shop/tools/processes';
import { journeys } from '../journeys/journeys.js';
import { Shopper } from '../shopper.js';
import { addImage } from './add-image.js';
import { ComposeShop, docker } from '../compose.js';
import { isolation } from './isolation.js';
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
  test('add at most 150 MB to their base images', async () => {
    const size = async (image: string) => Number(await docker('image', 'inspect', '-f', '{{.Size}}', image));
    const added = async (image: string, base: string) => ((await size(image)) - (await size(base))) / MEGABYTE;
    expect(await added('shop:dev', 'node:24-bookworm-slim')).toBeLessThan(150);
    expect(await added('shop-edge:dev', 'nginxinc/nginx-unprivileged:1.30')).toBeLessThan(20);
  });

  test('are labelled with their title', async () => {
    const labels = (image: string) => docker('image', 'inspect', '-f', '{{json .Config.Labels}}', image);
    for (const [image, title] of [
      ['shop:dev', 'shop'],
      ['shop-edge:dev', 'shop-edge'],
    ] as const)
      expect(JSON.parse(await labels(image))).toMatchObject({ 'org.opencontainers.image.title': title });
  });
});

describe('its containers', () => isolation(() => shop));

describe('the shop in containers', () => {
  journeys(() => shop.url);

  test('uses at most 1.5 GB of memory altogether', async () => {
    const ids = (await shop.compose('ps', '-q')).trim().split('\n');
    const usages = (await docker('stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}}', ...ids)).split('\n');
    console.log(usages.join('\n'));
    const megabytes = usages.map((line) => {
      const [, amount, unit] = / ([\d.]+)(KiB|MiB|GiB)/.exec(line)!;
      return Number(amount) * { KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit as 'MiB'];
    });
    expect(megabytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(1500);
  });

  test('logs a request with the same id at the edge and in the gateway', async () => {
    const id = `seen-${Date.now()}`;
    await fetch(`${shop.url}/api/products?q=${id}`, { headers: { 'x-request-id': id } });
    for (const service of ['edge', 'gateway'])
      await expect.poll(() => shop.compose('logs', '--no-log-prefix', service), { timeout: 10_000 }).toContain(id);
  });

  test('creates a staff account with staff-create', async () => {
    const [accounts] = await shop.containersOf('accounts');
    const kim = { email: 'kim@shop.test', password: 'a-long-password' };
    const create = ['docker', 'exec', '-i', accounts!, 'node', 'apps/accounts/dist/staff-create.js', kim.email];
    expect(await run(create, { input: `${kim.password}\n` })).toMatchObject({ code: 0 });
    expect((await new Shopper(shop.url, kim).logIn()).body).toMatchObject({ customer: { role: 'staff' } });
  });

  test('has everything in its image that is loaded on demand only', async () => {
    const { cookie = '' } = await shop.staff();
    const paths = ['/staff/queues', '/api/docs', '/api/docs/swagger-ui.css', '/api/openapi.json'];
    const statusOf = async (path: string) => (await fetch(`${shop.url}${path}`, { headers: { cookie } })).status;
    expect(await Promise.all(paths.map(statusOf))).toEqual([200, 200, 200, 200]);
    for (const [service, ...program] of [
      ['catalog', 'apps/catalog/dist/reprocess.js', '--only-write-down'],
      ['payments', 'apps/payments/dist/list-charges.js', '2030-01-01'],
    ]) {
      const [container] = await shop.containersOf(service!);
      expect(await run(['docker', 'exec', container!, 'node', ...program])).toMatchObject({ code: 0 });
    }
  });

  test('survives two thousand distinct expensive queries', async () => {
    let asked = 0;
    const crawl = async () => {
      while (asked < 2000) {
        const answer = await fetch(`${shop.url}/api/products?limit=100&maxPriceCents=${10_000_000 + asked++}`);
        expect([answer.status, ((await answer.json()) as { items: unknown[] }).items.length]).toEqual([200, 100]);
      }
    };
    await Promise.all(Array.from({ length: 10 }, crawl));
    const [edge] = await shop.containersOf('edge');
    expect(await docker('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', edge!)).toBe('running 0');
  });

  test('runs the load test of its compose profile', async ({ skip }) => {
    const image = (await shop.compose('--profile', 'load', 'config', '--images')).match(/.*k6.*/)![0];
    if ((await run(['docker', 'image', 'inspect', image])).code !== 0) skip(`there is no image ${image} here`);
    const settings = { SHOP_PORT: new URL(shop.url).port, FLOW: 'browse', LOAD: 'smoke', DURATION: '5s' };
    const visited = await ComposeShop.create(shop.project, settings);
    const { code, output } = await visited.tryCompose('--profile', 'load', 'run', '--rm', 'load');
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('browse') });
  });

  test('stops gracefully within the timeout', async () => {
    const services = ['edge', 'gateway', 'accounts', 'catalog', 'orders', 'payments', 'image-worker'];
    await shop.compose('stop', ...services);
    for (const service of services) {
      const [name] = (await shop.compose('ps', '-a', '--format', '{{.Name}}', service)).trim().split('\n');
      const state = await docker('inspect', '-f', '{{.State.ExitCode}} {{.State.OOMKilled}}', name!);
      expect({ service, state }).toEqual({ service, state: '0 false' });
    }
    await shop.up();
  });

  test('keeps orders, sessions, carts and images when it is taken down and started again', async () => {
    const sam = shop.shopper();
    await sam.register();
    const { items } = (await sam.get('/api/products?inStock=true&limit=2')).body;
    const placed = await sam.order({ lines: [{ productId: items[0].id, quantity: 1 }], payment: card });
    await sam.settled(placed.body.id, 30_000);
    await sam.send('PUT', `/api/cart/lines/${items[1].id}`, { quantity: 3 });
    const image = await addImage(shop, items[0].id);
    const bytes = await (await fetch(shop.url + image)).bytes();
    await shop.compose('down', '--timeout', '30');
    await shop.up();
    expect(await (await fetch(shop.url + image)).bytes()).toEqual(bytes);
    expect((await sam.get(`/api/orders/${placed.body.id}`)).body).toMatchObject({ status: 'paid' });
    expect((await sam.get('/api/cart')).body.lines).toMatchObject([{ productId: items[1].id, quantity: 3 }]);
  });

  test('migrates its data when it is upgraded, and keeps it when it is rolled back', async () => {
    const settings = { SHOP_PORT: new URL(shop.url).port };
    const next = await ComposeShop.create(shop.project, { ...settings, SHOP_IMAGE: 'shop:next' });
    await buildNextVersion('shop:dev', 'shop:next');
    const columns = () => shop.compose('exec', '-T', 'postgres', ...columnsOfOrders);
    const sam = shop.shopper();
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

  test('spreads requests over added replicas, and over the remaining ones after scaling down', async () => {
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
