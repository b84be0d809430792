// node dist/reprocess.js [--only-write-down]: has every image processed again, and shows the progress until it is done.
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfigs } from '@shop/kit/config';
import { sql } from '@shop/kit/database';
import { processEnv } from '@shop/kit/kit.config';
import { migrateFromCommandLine } from '@shop/kit/migrations';
import { DataSource } from 'typeorm';
import { entities, migrations } from './database.js';
import { catalogConfig, type CatalogConfig } from './catalog.config.js';
import { reprocessAll } from './images/checklist.js';

const PAUSE_MS = 1000;

const config = readConfigs([catalogConfig], processEnv).get(catalogConfig.token) as CatalogConfig;
const url = config.CATALOG_DATABASE_URL;
const database = new DataSource({ type: 'postgres', url, entities });
try {
  await migrateFromCommandLine({ url, entities, migrations });
  await database.initialize();
  const all = await reprocessAll(database);
  console.log(`Images to be processed again: ${all}`);
  if (process.argv.includes('--only-write-down')) console.log('The shop processes them while it runs.');
  else await follow(all);
} catch (error) {
  console.error(error instanceof Error ? error.message || error : error);
  process.exitCode = 1;
} finally {
  if (database.isInitialized) await database.destroy();
}

async function follow(all: number): Promise<void> {
  for (let shown = -1, left = all; left > 0; await sleep(PAUSE_MS)) {
    const [open] = await sql<{ left: number }>(
      database,
      `select count(*)::integer as left from pictures where status in ('waiting', 'working') and unshown_at is null`,
    );
    left = open!.left;
    if (left !== shown) console.log(`Images: ${Math.max(0, all - left)} of ${all}`);
    shown = left;
  }
}
