// What a pod takes, and how long it takes to be there.
import { get } from '@shop/tools/cluster/kubectl';
import { describe, expect, inject, test } from 'vitest';
import { ClusterShop, services } from './cluster-shop.js';
import { note } from './notes.js';
import { during } from './traffic.js';

const { namespace, url } = inject('shop');
const shop = new ClusterShop(namespace, url);
const ours = services.filter((name) => name !== 'edge');

async function memory(): Promise<Record<string, number>> {
  const most = await Promise.all(ours.map(async (name) => [name, Math.max(...(await shop.memory(name)))] as const));
  return Object.fromEntries(most);
}

describe('a pod', () => {
  test('takes no more than 90 MiB after its start, and 160 MiB under load', async () => {
    await shop.kubectl('rollout', 'restart', ...services.map((name) => `deploy/${name}`));
    await shop.rolledOut(...services);
    // Metrics of pods that are new come late.
    await expect
      .poll(async () => Object.values(await memory()), { timeout: 90_000, interval: 5000 })
      .not.toContain(NaN);
    const idle = await memory();
    await during(shop, { rate: 30, seconds: 60 }, () => Promise.resolve());
    const afterwards = await memory();
    note('memory', { 'idle, MiB': idle, 'after a minute of load, MiB': afterwards });
    for (const name of ours) expect(idle[name], name).toBeLessThanOrEqual(90);
    for (const name of ours) expect(afterwards[name], name).toBeLessThanOrEqual(160);
  });

  test('says how soon it was ready', async () => {
    const { items } = await get('pods', '-n', namespace, '-l', 'app.kubernetes.io/name in (accounts,orders,payments)');
    interface Pod {
      metadata: { name: string };
      status: {
        conditions: { type: string; lastTransitionTime: string }[];
        containerStatuses: { state: { running?: { startedAt: string } } }[];
      };
    }
    const seconds = (items as Pod[]).map(({ status }) => {
      const readyAt = status.conditions.find(({ type }) => type === 'Ready')!.lastTransitionTime;
      return (Date.parse(readyAt) - Date.parse(status.containerStatuses[0]!.state.running!.startedAt)) / 1000;
    });
    // Not judged: beside so many others that start on two cores, it says more about those.
    note('from container start to ready, all services at once', { seconds });
    expect(seconds.length).toBeGreaterThan(0);
  });
});
