// A version with one migration more is rolled out and taken back, while visitors come and go.
import { loadImages } from '@shop/tools/cluster/images';
import { install } from '@shop/tools/cluster/install';
import { findCluster, helm, must, RELEASE } from '@shop/tools/cluster/kubectl';
import { testValues } from '@shop/tools/cluster/test-shop';
import { expect, inject, test } from 'vitest';
import { buildNextVersion, columnsOfOrders } from '../containers/next-version.js';
import { ClusterShop, services } from './cluster-shop.js';
import { note } from './notes.js';
import { during, failures } from './traffic.js';

const { namespace, url, tag } = inject('shop');
const shop = new ClusterShop(namespace, url);
const next = `${tag}-next`;

const columns = () => shop.kubectl('exec', 'postgres-0', '--', ...columnsOfOrders);

test('a roll-out with a migration, and its roll-back, are noticed by nobody', { timeout: 900_000 }, async () => {
  await buildNextVersion(`shop:${tag}`, `shop:${next}`);
  await must(['docker', 'tag', `shop-edge:${tag}`, `shop-edge:${next}`]);
  await loadImages(await findCluster(), [`shop:${next}`, `shop-edge:${next}`]);
  expect(await columns()).not.toContain('remark');
  let seconds = [0, 0];
  const seen = await during(shop, { rate: 20, seconds: 200 }, async () => {
    const startedAt = Date.now();
    await install({ namespace, values: testValues, set: [`global.image.tag=${next}`] });
    expect(await columns()).toContain('remark');
    const changedAt = Date.now();
    await helm('rollback', RELEASE, '-n', namespace, '--wait', '--timeout', '4m');
    await shop.rolledOut(...services);
    seconds = [changedAt - startedAt, Date.now() - changedAt].map((ms) => Math.round(ms / 1000));
  });
  expect(await columns()).toContain('remark');
  note('migration', {
    'seconds to roll out and back': seconds,
    requests: seen.requests,
    'what went wrong': failures(seen),
  });
  expect(failures(seen)).toEqual([]);
});
