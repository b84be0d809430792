// The shop is changed under load at a constant rate, and no request may fail.
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '@shop/deploy/cluster/kubectl';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ClusterShop, services } from '../cluster.js';
import { note } from './notes.js';
import { startObserver, unevenness, type Observer } from './observer.js';
import { during, noRequestFails } from './traffic.js';

const shop = new ClusterShop(inject('shop'));

describe('no request fails when', () => {
  test('every service is rolled out at once', () =>
    noRequestFails(shop, 'every service rolled out at once', async () => {
      await shop.kubectl('rollout', 'restart', ...services.map((name) => `deploy/${name}`));
      await shop.rolledOut(...services);
    }));

  test('a pod of each service is deleted', () =>
    noRequestFails(shop, 'a pod of each service deleted', async () => {
      for (const service of services) {
        const [pod] = await shop.pods(service);
        await shop.kubectl('delete', 'pod', pod!, '--wait=false');
        await shop.rolledOut(service);
      }
    }));

  test('a node is drained', async ({ skip }) => {
    const node = await shop.nodeWithoutStores();
    if (!node) return skip('every node with pods of ours has a store on it');
    const drained = async () => {
      try {
        await kubectl('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s');
        await shop.rolledOut(...services);
      } finally {
        await kubectl('uncordon', node);
      }
    };
    await noRequestFails(shop, 'a node drained', drained);
  });
});

describe('pods that are added', () => {
  let observer: Observer;
  beforeAll(async () => {
    observer = await startObserver(shop);
  });
  afterAll(async () => {
    await observer?.stop();
    await shop.upgrade();
  }, 300_000);

  test('get their share of the calls', async () => {
    let shares: number[] = [];
    await during(shop, { flow: 'search', rate: 20 }, async () => {
      // Not by kubectl: the autoscaler would scale back.
      await shop.upgrade(['catalog.replicas.min=4', 'catalog.replicas.max=4']);
      await expect.poll(async () => (await shop.pods('catalog')).length, { timeout: 90_000, interval: 1000 }).toBe(4);
      await sleep(10_000);
      shares = await observer.increases('catalog', 'rpc_server_requests_total', () => sleep(15_000));
    });
    note('calls per pod, 10 s after catalog was scaled from 2 to 4', { calls: shares });
    expect(shares).toHaveLength(4);
    expect(unevenness(shares)).toBeLessThan(0.25);
  });
});
