// Pictures in great number make more workers, and none when they are done; shoppers do not notice.
import { setTimeout as sleep } from 'node:timers/promises';
import { install } from '@shop/tools/cluster/install';
import { testValues } from '@shop/tools/cluster/test-shop';
import { run } from '@shop/tools/processes';
import sharp from 'sharp';
import { afterAll, expect, inject, test } from 'vitest';
import { patiently } from '../test/patience.js';
import { Shopper } from '../test/shopper.js';
import { ClusterShop } from './cluster-shop.js';
import { note } from './notes.js';
import { during, failures } from './traffic.js';

const { namespace, url, tag } = inject('shop');
const shop = new ClusterShop(namespace, url);
const PICTURES = 300;
const MAX = 3;
const upgrade = (...set: string[]) =>
  install({ namespace, values: testValues, set: [`global.image.tag=${tag}`, ...set], timeout: '4m' });
const byBacklog = [
  'image-worker.replicas.min=0',
  `image-worker.replicas.max=${MAX}`,
  'image-worker.replicas.queue.name=image-worker',
  'image-worker.replicas.queue.depthFrom=catalog',
  'image-worker.replicas.queue.perReplica=10',
  'global.autoscaling.scaleDownAfterSeconds=30',
];

const hasKeda = (await run(['kubectl', 'get', 'crd', 'scaledobjects.keda.sh'])).code === 0;
if (!hasKeda) console.warn('Skipped: there is no KEDA in this cluster.');

afterAll(async () => {
  if (!hasKeda) return;
  await upgrade();
  // An autoscaler by CPU leaves alone what has no pod.
  await shop.kubectl('scale', 'deploy/image-worker', '--replicas=1');
});

test.skipIf(!hasKeda)(
  '300 pictures: workers come, each picture is ready once, workers go',
  { timeout: 1_500_000 },
  async () => {
    await upgrade(...byBacklog);
    const workers = async () => (await shop.pods('image-worker')).length;
    await expect.poll(workers, { timeout: 300_000, interval: 2000 }).toBe(0);
    const browse = { flow: 'browse', rate: 20, seconds: 60 };
    const before = await during(shop, browse, () => Promise.resolve());

    const staff = new Shopper(url, { email: 'staff@shop.test', password: 'staff-password' });
    await patiently(staff, () => staff.logIn());
    const cookie = (await staff.logIn()).headers.getSetCookie()[0]!.split(';')[0]!;
    const { items } = (await staff.get('/api/products?limit=100')).body as { items: { id: string }[] };
    const startedAt = Date.now();
    const locations: string[] = [];
    let most = 0;
    let firstAt = 0;
    const watch = setInterval(() => {
      void workers().then((count) => {
        most = Math.max(most, count);
        if (count > 0) firstAt ||= Date.now();
      });
    }, 3000);
    let seen: Awaited<ReturnType<typeof during>>;
    try {
      seen = await during(shop, { ...browse, seconds: 150 }, async () => {
        for (let i = 0; i < PICTURES; i++) {
          const picture = await sharp({
            create: { width: 200, height: 150, channels: 3, background: { r: i % 256, g: i >> 1, b: 99 } },
          })
            .png()
            .toBuffer();
          const answer = await fetch(`${url}/api/products/${items[i % items.length]!.id}/images`, {
            method: 'POST',
            headers: { cookie },
            body: new Uint8Array(picture),
          });
          expect(answer.status).toBe(202);
          await answer.arrayBuffer();
          locations.push(answer.headers.get('location')!);
        }
      });
      const open = new Set(locations);
      while (open.size > 0 && Date.now() - startedAt < 900_000) {
        for (const location of [...open].slice(0, 20)) {
          const { body } = await patiently(staff, () => staff.get(location));
          if (body.status === 'ready') open.delete(location);
          expect(body.status).not.toBe('failed');
        }
        await sleep(1000);
      }
      expect(open.size).toBe(0);
    } finally {
      clearInterval(watch);
    }
    const readyAt = Date.now();
    await expect.poll(workers, { timeout: 300_000, interval: 2000 }).toBe(0);
    note('backlog', {
      pictures: PICTURES,
      'seconds until the first worker': Math.round((firstAt - startedAt) / 1000),
      'most workers': most,
      'seconds until all are ready': Math.round((readyAt - startedAt) / 1000),
      'seconds from then to no worker': Math.round((Date.now() - readyAt) / 1000),
      'browse p99 before and meanwhile, ms': [before, seen].map(({ flows }) => Math.round(flows['browse']!.p99)),
    });
    expect(failures(seen)).toEqual([]);
    expect(most).toBeGreaterThan(1);
  },
);
