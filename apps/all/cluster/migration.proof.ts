// A version with one migration more is rolled out and taken back, while visitors come and go.
import { loadImages } from '@shop/tools/cluster/images';
import { findCluster, helm, must, RELEASE } from '@shop/tools/cluster/kubectl';
import { expect, inject, test } from 'vitest';
import { ClusterShop, services } from './cluster-shop.js';
import { note } from './notes.js';
import { nobodyNotices } from './traffic.js';

const shop = new ClusterShop(inject('shop'));
const next = `${shop.tag}-next`;

/** The next version of orders has a column more. */
const migration = `
export class AddRemark1999999999999 {
  name = 'AddRemark1999999999999';
  async up(runner) { await runner.query("alter table orders add column remark text not null default ''"); }
  async down(runner) { await runner.query('alter table orders drop column remark'); }
}`;
const dockerfile = `
FROM shop:${shop.tag}
USER 0
RUN ["node", "-e", ${JSON.stringify(`
  const fs = require('node:fs');
  const module = 'apps/orders/dist/orders.module.js';
  fs.writeFileSync('apps/orders/dist/migrations/1999999999999-add-remark.js', ${JSON.stringify(migration)});
  const text = fs.readFileSync(module, 'utf8');
  fs.writeFileSync(module, "import { AddRemark1999999999999 } from './migrations/1999999999999-add-remark.js';\\n" +
    text.replace(/migrations: \\[/, 'migrations: [AddRemark1999999999999, '));
`)}]
USER 1000:1000
`;

async function columns(): Promise<string> {
  const query = `select string_agg(column_name, ' ') from information_schema.columns where table_name = 'orders'`;
  return shop.kubectl('exec', 'postgres-0', '--', 'psql', '-U', 'postgres', '-d', 'orders', '-Atc', query);
}

test('a roll-out with a migration, and its roll-back, are noticed by nobody', { timeout: 900_000 }, async () => {
  await must(['docker', 'build', '-t', `shop:${next}`, '-'], dockerfile);
  await must(['docker', 'tag', `shop-edge:${shop.tag}`, `shop-edge:${next}`]);
  await loadImages(await findCluster(), [`shop:${next}`, `shop-edge:${next}`]);
  expect(await columns()).not.toContain('remark');
  let seconds = [0, 0];
  await nobodyNotices(shop, 'a version with a migration rolled out and taken back', async () => {
    const startedAt = Date.now();
    await shop.upgrade([`global.image.tag=${next}`]);
    expect(await columns()).toContain('remark');
    const changedAt = Date.now();
    await helm('rollback', RELEASE, '-n', shop.namespace, '--wait', '--timeout', '4m');
    await shop.rolledOut(...services);
    seconds = [changedAt - startedAt, Date.now() - changedAt].map((ms) => Math.round(ms / 1000));
  });
  expect(await columns()).toContain('remark');
  note('the migration', { 'seconds to roll out': seconds[0], 'seconds to roll back': seconds[1] });
});
