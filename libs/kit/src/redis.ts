// The two roles of Redis. State is sessions, carts and queues: it must not evict. Cache is copies: it may vanish at any moment.
import { Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { Health } from './health.js';
import { kitConfig, type KitConfig } from './kit.config.js';
import { Log } from './log.js';

export const REDIS_STATE = Symbol('REDIS_STATE');
export const REDIS_CACHE = Symbol('REDIS_CACHE');
/** How long a copy out of the cache is waited for, with `withTimeout`: a process that used up its share of CPU stands still for 100 ms. */
export const CACHE_MS = 250;

/** Fails a command at once while there is no connection, and reconnects behind the scenes at most a second apart. */
const failFast: RedisOptions = {
  lazyConnect: true,
  enableAutoPipelining: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  connectTimeout: 1000,
  retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
  // A primary that became a replica: connect anew, to wherever the name leads now, and send the command again.
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
};

/** A client whose commands fail after `commandTimeout` ms; it logs the beginning and the end of an outage, not every attempt. */
export function connectRedis(url: string, log: Log, role: string, options: RedisOptions): Redis {
  const client = new Redis(url, { ...failFast, connectionName: role, ...options });
  let down = false;
  client.on('error', (error: Error) => {
    if (!down) log.warn({ err: error }, `Redis ${role} is gone`);
    down = true;
  });
  client.on('ready', () => {
    if (down) log.info({}, `Redis ${role} is back`);
    down = false;
  });
  return client;
}

/** Waits for the first connection no longer than it takes to know; an outage at start is an outage like any other. */
async function tryConnect(client: Redis): Promise<void> {
  await client.connect().catch(() => undefined);
}

@Module({
  providers: [
    {
      provide: REDIS_STATE,
      inject: [kitConfig.token, Log],
      useFactory: (config: KitConfig, log: Log) =>
        connectRedis(config.REDIS_STATE_URL, log, 'state', { commandTimeout: 1000 }),
    },
  ],
  exports: [REDIS_STATE],
})
export class RedisStateModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(REDIS_STATE) private readonly client: Redis,
    private readonly health: Health,
  ) {}

  async onModuleInit(): Promise<void> {
    // Degraded, not down: all replicas would leave at once, and what needs no state would go with them.
    this.health.register('redis-state', () => this.client.ping(), 'degraded');
    await tryConnect(this.client);
  }

  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}

@Module({
  providers: [
    {
      provide: REDIS_CACHE,
      inject: [kitConfig.token, Log],
      // Who asks waits for less: CACHE_MS.
      useFactory: (config: KitConfig, log: Log) =>
        connectRedis(config.REDIS_CACHE_URL, log, 'cache', { commandTimeout: 1000 }),
    },
  ],
  exports: [REDIS_CACHE],
})
export class RedisCacheModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(REDIS_CACHE) private readonly client: Redis) {}

  onModuleInit(): Promise<void> {
    return tryConnect(this.client);
  }

  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}
