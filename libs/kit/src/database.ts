// A service's own Postgres: a TypeORM data source named like the service, migrated at boot, checked by readiness.
import { createHash } from 'node:crypto';
import { Module, type DynamicModule, type OnModuleInit, type Type } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { ServiceName } from '@shop/contracts/services';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import type { ConfigDefinition } from './config.js';
import { Health } from './health.js';
import { kitConfig, type KitConfig } from './kit.config.js';
import { Log } from './log.js';
import { gauge } from './metrics.js';
import { migrate, type MigrationOptions } from './migrations.js';
import { isOutage } from './outage.js';

export interface DatabaseOptions {
  /** Of the service; also the name to inject it under: @InjectDataSource(name). */
  name: ServiceName;
  config: ConfigDefinition;
  /** The variable of `config` that holds the address. */
  url: string;
  entities: Type[];
  migrations: Type<MigrationInterface>[];
}

/** How long a query may wait for a connection, and take, before it counts as an outage. */
const CONNECT_MS = 2000;
const STATEMENT_MS = 10_000;
/**
 * How long a connection without work is kept. Making one costs more CPU than most requests (SCRAM hashes 4096 times), and
 * they are made when many requests come at once: a process that has little CPU to spare must not need any just then.
 */
const IDLE_MS = 600_000;

export function databaseModule({ name, config, url, entities, migrations }: DatabaseOptions): DynamicModule {
  const token = getDataSourceToken(name);
  let log: Log;

  @Module({})
  class DatabaseHealthModule implements OnModuleInit {
    constructor(
      private readonly health: Health,
      private readonly dataSource: DataSource,
    ) {}
    onModuleInit(): void {
      this.health.register(`postgres-${name}`, () => poolOf(this.dataSource).query('select 1'));
      watchPool(name, poolOf(this.dataSource));
    }
  }

  return {
    module: DatabaseHealthModule,
    imports: [
      TypeOrmModule.forRootAsync({
        name,
        inject: [config.token, kitConfig.token, Log],
        useFactory: (values: Record<string, string>, kit: KitConfig, injected: Log) => {
          log = injected;
          return {
            type: 'postgres' as const,
            url: values[url]!,
            entities,
            migrations,
            poolSize: kit.DATABASE_POOL_SIZE,
            applicationName: name,
            // A database that is not there yet is waited for; readiness says so meanwhile. A migration that fails is not. Often
            // it is a network that lets this process reach it a moment later.
            retryAttempts: Number.MAX_SAFE_INTEGER,
            retryDelay: 500,
            toRetry: isNotThereYet,
            verboseRetryLog: true,
            extra: {
              connectionTimeoutMillis: CONNECT_MS,
              idleTimeoutMillis: IDLE_MS,
              keepAlive: true,
              query_timeout: STATEMENT_MS + CONNECT_MS,
              statement_timeout: STATEMENT_MS,
            },
          };
        },
        dataSourceFactory: async (options) => {
          await migrate(options as MigrationOptions, log);
          return new DataSource(options!).initialize();
        },
      }),
    ],
    providers: [{ provide: DataSource, useExisting: token }],
  };
}

/** No server, no such database (yet), or (not yet) our password: somebody may be setting it up. */
function isNotThereYet(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return isOutage(error) || code === '3D000' || code === '28P01' || code === '28000';
}

/** Runs one statement and answers its rows. */
export type Sql = <T extends QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<T[]>;

/** One prepared statement on the pool: parsed and planned once per connection. `text` must be a constant, values go in `values`. */
export function sql<T extends QueryResultRow>(
  dataSource: DataSource,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  return run<T>(poolOf(dataSource), text, values);
}

/** All statements of `work`, or none. */
export async function inTransaction<T>(dataSource: DataSource, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await poolOf(dataSource).connect();
  let broken: Error | undefined;
  // A connection that ends between two statements says so here; unheard, that would end the process.
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work((text, values) => run(client, text, values ?? []));
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection on which not even this goes through is thrown away.
    await client.query('rollback').catch((failure: Error) => (broken ??= failure));
    throw broken ?? error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}

const statementNames = new Map<string, string>();

async function run<T extends QueryResultRow>(
  on: Pool | PoolClient,
  text: string,
  values: readonly unknown[],
): Promise<T[]> {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash('sha1').update(text).digest('base64url');
    statementNames.set(text, name);
  }
  return (await on.query<T>({ name, text, values: values as unknown[] })).rows;
}

const pools = new Map<string, Pool>();

function watchPool(name: string, pool: Pool): void {
  pools.set(name, pool);
  const connections = gauge('postgres_pool_connections', 'Connections to Postgres by state', ['database', 'state']);
  Object.assign(connections, {
    collect() {
      for (const [database, { totalCount, idleCount, waitingCount }] of pools) {
        connections.set({ database, state: 'busy' }, totalCount - idleCount);
        connections.set({ database, state: 'idle' }, idleCount);
        connections.set({ database, state: 'waiting' }, waitingCount);
      }
    },
  });
}
