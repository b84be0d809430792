import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Rpc } from '../src/rpc.js';
import { strategies, type StrategyName } from '../src/strategies.js';
import { testRpc } from './contract.js';
import { addressesOf, connectedTo, Load, ServerProcess } from './processes.js';

let servers: ServerProcess[];
beforeAll(async () => {
  servers = await ServerProcess.startSome(3);
});
afterAll(() => ServerProcess.stopAll());

describe('three servers', () => {
  it.each(Object.keys(strategies) as StrategyName[])('share the calls evenly by %s', async (strategy) => {
    const rpc = new Rpc({ addresses: { test: addressesOf(servers) }, strategy });
    await connectedTo(rpc, servers);
    const before = await callsOf(servers);
    for (let i = 0; i < 60; i += 1)
      await Promise.all(Array.from({ length: 15 }, () => rpc.call(testRpc.work, { ms: 2 })));
    const shares = (await callsOf(servers)).map((calls, i) => (calls - before[i]!) / 900);
    // The standard deviation of a random choice is 0.016.
    const tolerance = ['random', 'power-of-two'].includes(strategy) ? 0.08 : 0.02;
    for (const share of shares) expect(Math.abs(share - 1 / 3)).toBeLessThan(tolerance);
    rpc.close();
  });
});

describe('a name', () => {
  it('sends a new server its share of calls within two seconds', async () => {
    const { first, ips, port, rpc, load } = await startBehindName();
    const second = await ServerProcess.start({ host: '127.0.0.3', port });
    const addedAt = performance.now();
    ips.push('127.0.0.3');
    await vi.waitUntil(() => load.answersOf(second) > 20, { timeout: 10_000, interval: 10 });
    expect(performance.now() - addedAt).toBeLessThan(2000);

    const before = await callsOf([first, second]);
    const { done } = load;
    await vi.waitUntil(() => load.done - done > 500, { timeout: 10_000 });
    await load.stop();
    const [a, b] = (await callsOf([first, second])).map((calls, i) => calls - before[i]!) as [number, number];
    expect(b / (a + b)).toBeGreaterThan(0.4);
    expect(load.errors).toEqual([]);
    rpc.close();
  });

  it('disconnects from a server that was removed without losing a call', async () => {
    const { first, ips, port, rpc, load } = await startBehindName();
    const second = await ServerProcess.start({ host: '127.0.0.3', port });
    ips.push('127.0.0.3');
    await vi.waitUntil(() => load.answersOf(second) > 20, { timeout: 10_000, interval: 10 });
    ips.shift();
    const quiet = async () => {
      const [before] = await callsOf([first]);
      const { done } = load;
      await vi.waitUntil(() => load.done - done > 100);
      return (await callsOf([first]))[0] === before;
    };
    await vi.waitUntil(quiet, { timeout: 10_000 });
    await load.stop();
    expect(load.errors).toEqual([]);
    rpc.close();
  });
});

/** Servers on one port, like the pods behind a headless Service; the addresses behind their name can be changed. */
async function startBehindName() {
  const first = await ServerProcess.start({ host: '127.0.0.2' });
  const port = Number(first.address.split(':')[1]);
  const ips = ['127.0.0.2'];
  const rpc = new Rpc({ addresses: { test: `pods.test:${port}` }, lookup: () => Promise.resolve([...ips]) });
  return { first, ips, port, rpc, load: new Load(8, () => rpc.call(testRpc.work, { ms: 2 })) };
}

async function callsOf(of: ServerProcess[]): Promise<number[]> {
  return (await Promise.all(of.map((server) => server.state()))).map(({ calls }) => calls);
}
