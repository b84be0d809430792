import { Queue } from 'bullmq';
import { prefixOf } from '@shop/kit/queue';
import { lateAboutItself } from '@shop/kit/testing/late-redis';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openShop, Client, type Shop } from './shop.js';

let shop: Shop;
let staff: Client;
const queue = new Queue('image-worker', { connection: { url: testRedisUrl(9) }, prefix: prefixOf('image-worker') });
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  staff = await new Client(shop).logIn('sam@example.org');
});
afterAll(async () => {
  await queue.obliterate({ force: true });
  await queue.close();
  await shop.stop();
});

const fetchAsStaff = (path: string, init: RequestInit = {}) =>
  fetch(shop.url + path, { ...init, headers: { cookie: staff.cookie! } });

it('the page of the queues is for staff only', async () => {
  for (const path of ['/staff/queues', '/staff/queues/api/queues', '/staff/queues/static/js/main.js']) {
    expect((await new Client(shop).get(path)).status).toBe(401);
    expect((await (await new Client(shop).logIn()).get(path)).status).toBe(403);
  }
});

it('the page shows every queue and its waiting jobs', async () => {
  await queue.add('processPicture', { payload: { hash: 'a' } });
  const { status, body } = await staff.get<{ queues: { name: string; counts: { waiting: number } }[] }>(
    '/staff/queues/api/queues?activeQueue=image-worker&page=1&jobsPerPage=10',
  );
  expect(status).toBe(200);
  expect(body.queues.map(({ name }) => name).sort()).toEqual(['image-worker', 'orders', 'payments']);
  expect(body.queues.find(({ name }) => name === 'image-worker')!.counts.waiting).toBe(1);
});

it('the page loads its files and is read-only', async () => {
  const page = await fetchAsStaff('/staff/queues');
  const html = await page.text();
  expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  const [, script] = /src="([^"]+\.js)"/.exec(html)!;
  const { status, headers } = await fetchAsStaff(new URL(script!, `${shop.url}/staff/queues/`).pathname);
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('javascript')]);
  const pressed = await fetchAsStaff('/staff/queues/api/queues/image-worker/pause', { method: 'PUT' });
  expect(pressed.status).toBeGreaterThanOrEqual(400);
  expect(await queue.isPaused()).toBe(false);
});

it('the page works when Redis answers INFO late', async () => {
  const way = await lateAboutItself(testRedisUrl(9), 3000);
  const other = await openShop({ RATE_LIMITS: 'off', REDIS_STATE_URL: way.url });
  const sam = await new Client(other).logIn('sam@example.org');
  const status = async () => (await sam.get('/staff/queues/api/queues')).status;
  await expect.poll(status, { timeout: 20_000 }).toBe(200);
  await other.stop();
  way.close();
});
