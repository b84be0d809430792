// Migrations of each kind on a million orders, while orders are placed and a dump holds the table. Writes migrations.md.
import { join } from 'node:path';
import { commit, machine } from '@shop/tools/machine';
import { writeFormatted } from '@shop/tools/write-formatted';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shortWaits, startShop, type Shop } from '../shop.js';
import { killableStores } from '../stores.js';
import { formerKinds, kinds, MigrationScenario, type Outcome } from './migration-scenario.js';

const ROWS = 1_000_000;
const DUMP_MS = 6000;
/** No order may take longer, whatever migrates. */
const LONGEST_MS = 1000;

let shop: Shop;
let scenario: MigrationScenario;
const rows: string[] = [];

beforeAll(async () => {
  shop = await startShop({ replicas: {}, env: shortWaits, stores: await killableStores() });
  scenario = await MigrationScenario.of(shop, ROWS);
});
afterAll(async () => {
  await shop?.stop();
  if (rows.length > 0) await writeFormatted(join(import.meta.dirname, 'migrations.md'), await report());
});

function note(name: string, how: string, { ms, orders, failed, slowestMs }: Outcome): void {
  rows.push(`| ${name} | ${how} | ${(ms / 1000).toFixed(1)} s | ${orders} | ${failed} | ${Math.round(slowestMs)} ms |`);
}

test.each(formerKinds)('for comparison, the plain statement: $name', async ({ name, statement }) => {
  note(name, 'as before', await scenario.runAsBefore(statement, statement.startsWith('alter') ? DUMP_MS : 0));
});

test.each(kinds)('no order fails or takes a second: $name', async ({ name, migrations }) => {
  const outcome = await scenario.run(migrations, DUMP_MS);
  note(name, 'beside a dump', outcome);
  expect(outcome.failed).toBe(0);
  expect(outcome.slowestMs).toBeLessThan(LONGEST_MS);
});

async function report(): Promise<string> {
  return [
    '# Migrations beside live traffic, measured',
    '',
    `Each on ${ROWS.toLocaleString('en')} orders, while six customers place orders, and for its first ${DUMP_MS / 1000} s beside a`,
    'transaction that holds the table as `pg_dump` does. *As before* is the plain statement without `lock_timeout`; the index was',
    'built without a dump. `npm run chaos -- migrations` measures it again.',
    '',
    `On ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, commit ${await commit()}, ${machine()}.`,
    '',
    '| migration | how | took | orders | failed | slowest order |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
  ].join('\n');
}
