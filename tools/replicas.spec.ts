import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { addressesOf, parseReplicas, placeReplicas } from './replicas.ts';

test('reads the number of processes per service', () => {
  expect(parseReplicas('catalog=3, orders=2')).toEqual({ catalog: 3, orders: 2 });
  expect(parseReplicas('')).toEqual({});
});

test.each(['catalog', 'catalog=', 'catalog=0', 'catalog=-1', 'catalog=1.5', 'catalog=21', 'catalog=two'])(
  'refuses "%s" and names the service',
  (text) => expect(() => parseReplicas(text)).toThrow(/number of catalog processes must be from 1 to 20/),
);

test.each(['cat=2', 'all=2', 'toString=2', '=2'])('refuses "%s" and lists all services', (text) =>
  expect(() => parseReplicas(text)).toThrow(/There are: gateway, accounts, catalog/),
);

test('gives the first process of each service its usual ports and every process distinct ones', async () => {
  const places = await placeReplicas({ gateway: 2, catalog: 3 }, 'usual');
  expect(places.filter(({ replica }) => replica === 1)).toEqual([
    { service: 'gateway', replica: 1, port: 3000, opsPort: 9100 },
    { service: 'accounts', replica: 1, opsPort: 9101, rpcPort: 4001 },
    { service: 'catalog', replica: 1, opsPort: 9102, rpcPort: 4002 },
    { service: 'orders', replica: 1, opsPort: 9103, rpcPort: 4003 },
    { service: 'payments', replica: 1, opsPort: 9104, rpcPort: 4004 },
    { service: 'image-worker', replica: 1, opsPort: 9105 },
  ]);
  expect(places).toHaveLength(9);
  const ports = places.flatMap(({ port, opsPort, rpcPort }) => [port, opsPort, rpcPort]).filter(Boolean);
  expect(new Set(ports).size).toBe(ports.length);
});

test('avoids ports in use for further processes', async () => {
  const [, expected] = (await placeReplicas({ orders: 2 }, 'usual')).filter(({ service }) => service === 'orders');
  const taker = createServer();
  await new Promise<void>((resolve) => taker.listen(expected!.rpcPort, '127.0.0.1', resolve));
  const [, second] = (await placeReplicas({ orders: 2 }, 'usual')).filter(({ service }) => service === 'orders');
  taker.close();
  expect(second!.rpcPort).toBeGreaterThan(expected!.rpcPort!);
});

test('lists all addresses of each service', async () => {
  const places = await placeReplicas({ catalog: 2 }, 'free');
  const [first, second] = places.filter(({ service }) => service === 'catalog');
  const addresses = addressesOf(places);
  expect(Object.keys(addresses)).toEqual(
    ['ACCOUNTS', 'CATALOG', 'ORDERS', 'PAYMENTS'].map((name) => `${name}_ADDRESSES`),
  );
  expect(addresses['CATALOG_ADDRESSES']).toBe(`127.0.0.1:${first!.rpcPort},127.0.0.1:${second!.rpcPort}`);
});
