// A version with one more migration is rolled out and rolled back under load.
import { loadImages } from '@shop/deploy/cluster/images';
import { findCluster, helm, must, RELEASE } from '@shop/deploy/cluster/kubectl';
import { expect, inject, test } from 'vitest';
import { buildNextVersion, columnsOfOrders } from '../containers/next-version.js';
import { ClusterShop, services } from '../cluster.js';
import { note } from './notes.js';
import { noRequestFails } from './traffic.js';

const shop = new ClusterShop(inject('shop'));
const next = `${shop.tag}-next`;

const columns = () => shop.kubectl('exec', 'postgres-0', '--', ...columnsOfOrders);

test('a roll-out with a migration and its roll-back fail no request', { timeout: 900_000 }, async () => {
  await buildNextVersion(`shop:${shop.tag}`, `shop:${next}`);
  await must(['docker', 'tag', `shop-edge:${shop.tag}`, `shop-edge:${next}`]);
  await loadImages(await findCluster(), [`shop:${next}`, `shop-edge:${next}`]);
  expect(await columns()).not.toContain('remark');
  let seconds = [0, 0];
  const outAndBack = async () => {
    const startedAt = Date.now();
    await shop.upgrade([`global.image.tag=${next}`]);
    expect(await columns()).toContain('remark');
    const changedAt = Date.now();
    await helm('rollback', RELEASE, '-n', shop.namespace, '--wait', '--timeout', '4m');
    await shop.rolledOut(...services);
    seconds = [changedAt - startedAt, Date.now() - changedAt].map((ms) => Math.round(ms / 1000));
  };
  await noRequestFails(shop, 'a version with a migration rolled out and taken back', outAndBack);
  expect(await columns()).toContain('remark');
  note('the migration', { 'seconds to roll out': seconds[0], 'seconds to roll back': seconds[1] });
});
