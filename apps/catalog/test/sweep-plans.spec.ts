// The plans of the catalog's periodic work on statistics of a million images, products and reservations.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plansOf, pretendLarger, recordStatements } from '@shop/kit/testing/plans';
import { getDataSourceToken } from '@nestjs/typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reprocessAll } from '../src/images/checklist.js';
import { startCatalog } from './catalog-under-test.js';
import { openSetup, type Setup } from './images-under-test.js';

const ROWS = 20_000;

/** By name, with a part of the first statement of each. */
const sweeps: Record<string, string> = {
  'reservation sweep': 'update reservations set expires_at',
  'image sweep': 'update pictures set touched_at',
  'sweep of unshown images': `reason = 'It was removed.'`,
  'upload sweep': 'select upload from pictures where upload = any($1)',
  'fold of counts': 'delete from category_counts',
  'sitemap preparation': 'string_agg',
};

/** These read up to 50,000 products, independent of the size of the table. */
const bounded = ['string_agg', 'array_agg(id order by id)'];

let setup: Setup;
beforeAll(async () => {
  setup = await openSetup();
  await (await setup.start({ SEED: 'demo' })).stop();
  const { database } = setup;
  await database.query('drop index products_by_filters, products_by_search');
  await database.query(
    `insert into products (id, slug, name, description, category_id, price_cents, stock)
     select gen_random_uuid(), 'thing-' || n, 'Thing', '', c.id, 100, 5
     from (select id from categories limit 1) c, generate_series(1, ${ROWS}) n`,
  );
  // Shown and ready; waiting for their turn; unshown for long; unshown just now.
  await database.query(
    `insert into pictures (hash, type, bytes, status, touched_at, unshown_at, shown, upload)
     select encode(sha256(n::text::bytea), 'hex'), 'image/png', 1,
       case when n % 4 = 1 then 'waiting' else 'ready' end,
       now() - make_interval(secs => n), case n % 4 when 2 then now() - interval '1 day' when 3 then now() end,
       case when n % 4 <> 1 then '{}'::jsonb end, case when n % 50 = 0 then 'uploads/' || n end
     from generate_series(1, ${ROWS}) n`,
  );
  await database.query(
    `insert into images (id, product_id, picture, position)
     select gen_random_uuid(), p.id, pic.hash, 0
     from (select id, row_number() over () as n from products) p
     join (select hash, row_number() over () as n from pictures where unshown_at is null) pic on pic.n = 1 + p.n % ${ROWS / 2}`,
  );
  await database.query(
    `insert into reservations (order_id, status, lines, total_cents, expires_at)
     select gen_random_uuid(), case when n % 10 = 0 then 'held' else 'confirmed' end, '[]', 0, now() - make_interval(secs => n)
     from generate_series(1, ${ROWS}) n`,
  );
  await database.query(
    'insert into category_counts (category_id, products) select id, 0 from categories, generate_series(1, 20) n',
  );
  await pretendLarger(database, 50);
}, 120_000);
afterAll(() => setup?.close());

/** Statements that operators cause. */
const others = ['select status, (', `touched_at = '-infinity'`];

it('covers every sweep', () => {
  const src = join(import.meta.dirname, '../src');
  const sources = globSync('**/*.ts', { cwd: src }).map((file) => readFileSync(join(src, file), 'utf8'));
  const named = sources
    .filter((text) => text.includes('repeat('))
    .flatMap((text) => [...text.matchAll(/\bname: '([^']+)'/g)].map(([, name]) => name));
  // The seed of images ends once every product has its image.
  expect(named.filter((name) => name !== 'image seed').sort()).toEqual(Object.keys(sweeps).sort());
});

it('no statement reads or sorts a whole table', async () => {
  const recorder = recordStatements('catalog');
  await setup.write('uploads/forgotten', 'bytes');
  const shop = await startCatalog(setup.database, {
    STORAGE_DIR: setup.folder,
    CATALOG_SWEEP_SECONDS: '0.1',
    PICTURE_FILES_KEPT_SECONDS: '0.4',
  });
  try {
    await fetch(`${shop.opsUrl}/metrics`);
    await reprocessAll(shop.app.get(getDataSourceToken('catalog')));
    await expect
      .poll(
        () =>
          [...Object.values(sweeps), ...others].filter(
            (text) => ![...recorder.statements.keys()].some((s) => s.includes(text)),
          ),
        {
          timeout: 30_000,
        },
      )
      .toEqual([]);
  } finally {
    await shop.stop();
    recorder.stop();
  }
  const plans = await plansOf(setup.database, recorder);
  expect(plans.filter(({ faults }) => faults.length > 0)).toEqual([]);
  expect(plans.filter(({ cost, text }) => cost > 2000 && !bounded.some((part) => text.includes(part)))).toEqual([]);
});
