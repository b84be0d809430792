import { setTimeout } from 'node:timers/promises';
import { ToxicProxy } from '@shop/kit/testing/toxic-proxy';
import type { ServiceName } from '@shop/contracts/services';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { shortWaits, startShop, type Shop } from '../shop.js';
import { killableStores } from '../stores.js';
import { Load } from './load.js';

const ways = [
  'catalog',
  'orders',
  'payments',
  'Redis state',
  'Postgres of catalog',
  'Postgres of orders',
  'Postgres of payments',
] as const;
type Way = (typeof ways)[number];

const toxics = {
  'slowed down by 100 ms': async (way: ToxicProxy) => way.slowDown(100),
  'cut for 2 s': (way: ToxicProxy) => way.cut(),
  'reset over and over': async (way: ToxicProxy) => {
    for (let i = 0; i < 10; i++) {
      way.reset();
      await setTimeout(100);
    }
  },
  'half-open for 2 s': async (way: ToxicProxy) => way.silence(),
};
type Toxic = keyof typeof toxics;

describe('under load the connection to', () => {
  const proxies = new Map<Way, ToxicProxy>();
  let shop: Shop;
  let load: Load;
  beforeAll(async () => {
    shop = await startShop({
      replicas: {},
      env: shortWaits,
      stores: await killableStores(),
      override: async (ports, env) => {
        for (const service of ['catalog', 'orders', 'payments'] as const) {
          proxies.set(service, await ToxicProxy.to('127.0.0.1', ports.get(service)!));
          proxies.set(`Postgres of ${service}`, await ToxicProxy.toUrl(databaseUrl(env, service)));
        }
        proxies.set('Redis state', await ToxicProxy.toUrl(env['REDIS_STATE_URL']!));
        const settings = (['catalog', 'orders', 'payments'] as const).flatMap((service) => [
          [`${service.toUpperCase()}_ADDRESSES`, proxies.get(service)!.address],
          [variable(service), proxies.get(`Postgres of ${service}`)!.through(databaseUrl(env, service))],
        ]);
        return {
          ...Object.fromEntries(settings),
          REDIS_STATE_URL: proxies.get('Redis state')!.through(env['REDIS_STATE_URL']!),
        };
      },
    });
    load = await Load.of(shop, 6);
  });
  afterAll(async () => {
    await shop?.stop();
    await Promise.all([...proxies.values()].map((proxy) => proxy.cut()));
  });

  const cases = ways.flatMap((way) => Object.keys(toxics).map((toxic) => ({ way, toxic: toxic as Toxic })));
  test.each(cases)('$way is $toxic', async ({ way, toxic }) => {
    const proxy = proxies.get(way)!;
    load.start();
    await setTimeout(300);
    await toxics[toxic](proxy);
    await setTimeout(2000);
    // A silenced connection stays half-open until it is reset, as behind a router that lost its state.
    await proxy.mend();
    if (toxic === 'half-open for 2 s') proxy.reset();
    await load.pause();
    await load.verify();
  });
});

const variable = (service: ServiceName) => `${service.toUpperCase()}_DATABASE_URL`;
const databaseUrl = (env: NodeJS.ProcessEnv, service: ServiceName) => env[variable(service)]!;
