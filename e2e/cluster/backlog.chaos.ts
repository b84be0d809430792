// Many images add image workers, and none are left when the queue is empty; browsing stays unaffected.
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '@shop/tools/processes';
import sharp from 'sharp';
import { afterAll, expect, inject, test } from 'vitest';
import { patiently } from '../patience.js';
import type { Shopper } from '../shopper.js';
import { ClusterShop } from '../cluster.js';
import { note } from './notes.js';
import { during, failures } from './traffic.js';

const shop = new ClusterShop(inject('shop'));
const IMAGES = 300;
const MAX = 3;
const LONGEST_MS = 900_000;
const byBacklog = [
  'image-worker.replicas.min=0',
  `image-worker.replicas.max=${MAX}`,
  'image-worker.replicas.queue.name=image-worker',
  'image-worker.replicas.queue.depthFrom=catalog',
  'image-worker.replicas.queue.perReplica=10',
  'global.autoscaling.scaleDownAfterSeconds=30',
  'image-worker.limits.cpu=150m',
  // Uploads pass through these too, and starting more of their pods would take the cores from the workers.
  ...['gateway', 'catalog'].flatMap((name) => [`${name}.limits.cpu=300m`, `${name}.replicas.max=2`]),
];

const hasKeda = (await run(['kubectl', 'get', 'crd', 'scaledobjects.keda.sh'])).code === 0;
if (!hasKeda) console.warn('Skipped: there is no KEDA in this cluster.');

afterAll(async () => {
  if (!hasKeda) return;
  await shop.upgrade();
  // An autoscaler by CPU does not scale a deployment up from zero.
  await shop.kubectl('scale', 'deploy/image-worker', '--replicas=1');
}, 300_000);

const workers = async () => (await shop.pods('image-worker')).length;

/** Records the largest number of workers and when the first one was ready, until `stop`. */
function watchWorkers() {
  const seen = { most: 0, firstAt: 0 };
  const timer = setInterval(() => {
    const look = async () => {
      const count = await workers();
      seen.most = Math.max(seen.most, count);
      if (count > 0) seen.firstAt ||= Date.now();
    };
    look().catch(console.warn);
  }, 3000);
  return { seen, stop: () => clearInterval(timer) };
}

/** Uploads distinct images, and returns their locations. */
async function upload(staff: Shopper, products: { id: string }[]): Promise<string[]> {
  const locations: string[] = [];
  // Different images in each run: the same bytes for the same product are the same image.
  const b = randomInt(256);
  for (let i = 0; i < IMAGES; i++) {
    const background = { r: i % 256, g: i >> 1, b };
    const image = await sharp({ create: { width: 200, height: 150, channels: 3, background } })
      .png()
      .toBuffer();
    const answer = await staff.addImage(products[i % products.length]!.id, image);
    expect(answer.status).toBe(202);
    locations.push(answer.headers.get('location')!);
  }
  return locations;
}

/** Number of images of all products, as the public API shows them. */
async function shownImages(staff: Shopper, products: { id: string }[]): Promise<number> {
  let sum = 0;
  for (const { id } of products) {
    const { body } = await patiently(staff, () => staff.get(`/api/products/${id}`));
    sum += (body as { images: unknown[] }).images.length;
  }
  return sum;
}

async function allReady(staff: Shopper, locations: string[]): Promise<void> {
  const open = new Set(locations);
  for (const until = Date.now() + LONGEST_MS; open.size > 0 && Date.now() < until; await sleep(1000))
    for (const location of [...open].slice(0, 10)) {
      const { body } = await patiently(staff, () => staff.get(location));
      expect(body.status).not.toBe('failed');
      if (body.status === 'ready') open.delete(location);
    }
  expect(open.size).toBe(0);
}

test.skipIf(!hasKeda)(
  '300 images add workers, become ready once each, and leave no worker behind',
  { timeout: 1_800_000 },
  async () => {
    await shop.upgrade(byBacklog);
    await expect.poll(workers, { timeout: 300_000, interval: 2000 }).toBe(0);
    const before = await during(shop, { flow: 'browse', rate: 20 }, () => sleep(60_000));

    const staff = await shop.staff();
    const { items } = (await staff.get('/api/products?limit=100')).body as { items: { id: string }[] };
    const shownBefore = await shownImages(staff, items);
    const startedAt = Date.now();
    const watch = watchWorkers();
    let [uploadedAt, readyAt] = [0, 0];
    const meanwhile = await during(shop, { flow: 'browse', rate: 20 }, async () => {
      const locations = await upload(staff, items);
      uploadedAt = Date.now();
      await allReady(staff, locations);
      readyAt = Date.now();
    }).finally(watch.stop);
    await expect.poll(workers, { timeout: 300_000, interval: 2000 }).toBe(0);
    const since = (at: number, from = startedAt) => Math.round((at - from) / 1000);
    note(`${IMAGES} images`, {
      'seconds until all were uploaded': since(uploadedAt),
      'seconds until the first worker was ready': since(watch.seen.firstAt),
      'most workers': watch.seen.most,
      'seconds until all images were ready': since(readyAt),
      'seconds from then to no worker': since(Date.now(), readyAt),
      'pages browsed meanwhile': meanwhile.requests,
      'browsing, 99 % within ms, before': Math.round(before.flows['browse']!.p99),
      'browsing, 99 % within ms, meanwhile': Math.round(meanwhile.flows['browse']!.p99),
    });
    expect(failures(meanwhile)).toEqual([]);
    expect(await shownImages(staff, items)).toBe(shownBefore + IMAGES);
    expect(watch.seen.most).toBeGreaterThan(1);
  },
);
