// The database of a service for a command: the configured one, that of the running shop, or one started temporarily.
import { join } from 'node:path';
import { claim, dataDir, Occupied } from './data-dir.ts';
import { build } from './nx.ts';
import { startPostgres } from './stores/postgres.ts';
import { databases, variableOf } from './stores/stores.ts';

export interface ServiceDatabase {
  /** The environment with its URL. */
  env: NodeJS.ProcessEnv;
  /** Whether a shop runs in this data folder. */
  shopRuns: boolean;
}

export async function withServiceDatabase<T>(
  service: (typeof databases)[number],
  command: string,
  asked: AbortSignal,
  work: (database: ServiceDatabase) => Promise<T>,
): Promise<T> {
  const mine = await claim(dataDir, command).catch((error: unknown) => {
    if (error instanceof Occupied && error.address) return undefined; // use the Postgres of the running shop
    throw error;
  });
  const variable = variableOf(service);
  const at = (url: string) => work({ env: { ...process.env, [variable]: url }, shopRuns: !mine });
  try {
    if (mine) await build({ projects: [service], signal: asked }); // a build would replace the files of a running shop
    const given = process.env[variable];
    if (given) return await at(given);
    const postgres = await startPostgres({ dir: join(dataDir, 'postgres'), databases });
    try {
      return await at(postgres.urls[service] ?? '');
    } finally {
      if (mine) await postgres.stop();
    }
  } finally {
    await mine?.release();
  }
}
