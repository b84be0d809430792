// A service's own Postgres: a TypeORM data source named like the service, migrated at boot, checked by readiness.
import { createHash } from 'node:crypto';
import { Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit, type Type } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { ServiceName } from '@shop/contracts/services';
import { isOutage } from '@shop/rpc/outage';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';
import type { ConfigDefinition } from './config.js';
import { clientClass } from './database-client.js';
import { DatabaseProbe } from './database-probe.js';
import { Health } from './health.js';
import { kitConfig, type KitConfig } from './kit.config.js';
import { Log } from './log.js';
import { gauge } from './metrics.js';
import { migrate, type MigrationOptions } from './migrations.js';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

export interface DatabaseOptions {
  /** Of the service; also the name to inject it under: @InjectDataSource(name). */
  name: ServiceName;
  config: ConfigDefinition;
  /** The variable of `config` that holds the address. */
  url: string;
  entities: Type[];
  migrations: Type<MigrationInterface>[];
}

/**
 * How long a query may wait for a connection, and take, before it counts as an outage. A statement for a request ends with the
 * request's deadline (database-client.ts); these limits are for those that have none.
 */
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
  class DatabaseHealthModule implements OnModuleInit, OnApplicationShutdown {
    private readonly probe: DatabaseProbe;
    constructor(
      private readonly health: Health,
      private readonly dataSource: DataSource,
    ) {
      this.probe = new DatabaseProbe((dataSource.options as PostgresOptions).url!, name);
    }
    onModuleInit(): void {
      this.health.register(`postgres-${name}`, () => this.probe.check());
      watchPool(name, poolOf(this.dataSource));
    }
    onApplicationShutdown(): Promise<void> {
      return this.probe.close();
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
              Client: clientClass(name, injected),
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
export type Sql = <T extends QueryResultRow>(
  text: string,
  values?: readonly unknown[],
  how?: 'prepared' | 'unprepared',
) => Promise<T[]>;

/** One prepared statement on the pool: parsed and planned once per connection. `text` must be a constant, values go in `values`. */
export function sql<T extends QueryResultRow>(
  dataSource: DataSource,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  return onPool(dataSource, (client) => run<T>(client, text, values));
}

/** The same for a text that is put together: nothing of it stays in the connection. */
export function unpreparedSql<T extends QueryResultRow>(
  dataSource: DataSource,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  return onPool(dataSource, (client) => run<T>(client, text, values, 'unprepared'));
}

/** Not pool.query: a connection that was waited for would run the statement in the context of the request that released it. */
async function onPool<T>(dataSource: DataSource, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await poolOf(dataSource).connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    // A statement that Postgres refused leaves its connection as it was; anything else may not.
    if ((error as { code?: unknown }).code === undefined) broken ??= error as Error;
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
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
    const result = await work((text, values, how) => run(client, text, values ?? [], how));
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
  client: PoolClient,
  text: string,
  values: readonly unknown[],
  how: 'prepared' | 'unprepared' = 'prepared',
): Promise<T[]> {
  const name = how === 'prepared' ? nameOf(text) : undefined;
  return (await client.query<T>({ name, text, values: values as unknown[] })).rows;
}

function nameOf(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash('sha1').update(text).digest('base64url');
    statementNames.set(text, name);
  }
  return name;
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
