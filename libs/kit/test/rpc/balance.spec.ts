import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Rpc } from '../../src/rpc/rpc.js';
import { strategies, type StrategyName } from '../../src/rpc/strategies.js';
import { testRpc } from './contract.js';
import { addressesOf, Load, ServerProcess } from './processes.js';

let servers: ServerProcess[];
beforeAll(async () => {
  servers = await ServerProcess.startSome(3);
});
afterAll(() => ServerProcess.stopAll());

describe('three servers', () => {
  it.each(Object.keys(strategies) as StrategyName[])('share the calls evenly by %s', async (strategy) => {
    const rpc = new Rpc({ addresses: { test: addressesOf(servers) }, strategy });
    const allReady = () =>
      vi.waitFor(async () => {
        const { pid } = await rpc.call(testRpc.whoami, {});
        seen.add(pid);
        expect(seen.size).toBe(3);
      });
    const seen = new Set<number>();
    await allReady();
    const before = await callsOf(servers);
    for (let i = 0; i < 60; i += 1)
      await Promise.all(Array.from({ length: 15 }, () => rpc.call(testRpc.work, { ms: 2 })));
    const shares = (await callsOf(servers)).map((calls, i) => (calls - before[i]!) / 900);
    const tolerance = strategy === 'random' || strategy === 'power-of-two' ? 0.08 : 0.05;
    for (const share of shares) expect(share).toBeCloseTo(1 / 3, 0.5 - Math.log10(2 * tolerance) - 0.5);
    rpc.close();
  });
});

it('gives a server that appears behind the name its share within two seconds', async () => {
  // All on one port, as the pods behind a headless Service are.
  const first = await ServerProcess.start({ host: '127.0.0.2' });
  const port = Number(first.address.split(':')[1]);
  const ips = ['127.0.0.2'];
  const rpc = new Rpc({ addresses: { test: `catalog.test:${port}` }, lookup: () => Promise.resolve(ips) });
  const load = new Load(8, () => rpc.call(testRpc.work, { ms: 2 }));
  const second = await ServerProcess.start({ host: '127.0.0.3', port });
  ips.push('127.0.0.3');
  const addedAt = performance.now();
  await vi.waitUntil(() => (load.answers.get(second.pid) ?? 0) > 20, { timeout: 5000, interval: 10 });
  expect(performance.now() - addedAt).toBeLessThan(2000);

  const before = await callsOf([first, second]);
  const done = load.done;
  await vi.waitUntil(() => load.done - done > 500, { timeout: 10_000 });
  await load.stop();
  const [a, b] = (await callsOf([first, second])).map((calls, i) => calls - before[i]!) as [number, number];
  expect(b / (a + b)).toBeGreaterThan(0.4);
  expect(load.errors).toEqual([]);
  rpc.close();
});

it('lets go of a server that is no longer behind the name', async () => {
  const [one, two] = servers as [ServerProcess, ServerProcess];
  const ports = new Map([one, two].map(({ address }) => [`${address.split(':')[1]}.test`, ['127.0.0.1']]));
  const lookup = (name: string) => Promise.resolve(ports.get(name)!);
  const rpc = new Rpc({
    addresses: { test: [...ports.keys()].map((name) => `${name}:${name.split('.')[0]}`).join(',') },
    lookup,
  });
  const load = new Load(4, () => rpc.call(testRpc.work, { ms: 2 }));
  await vi.waitUntil(() => load.answers.size === 2);
  expect(load.errors).toEqual([]);
  await load.stop();
  rpc.close();
});

async function callsOf(of: ServerProcess[]): Promise<number[]> {
  return (await Promise.all(of.map((server) => server.state()))).map(({ calls }) => calls);
}
