// Changes that take longer than those of changes.cluster.ts: services one by one, a setting, manual scaling, a dead kubelet.
import { setTimeout as sleep } from 'node:timers/promises';
import { get, must } from '@shop/deploy/cluster/kubectl';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { ClusterShop, services } from '../cluster.js';
import { note } from './notes.js';
import { noRequestFails } from './traffic.js';

const shop = new ClusterShop(inject('shop'));

describe('no request fails when', () => {
  test('the services are rolled out one by one', () =>
    noRequestFails(shop, 'each service rolled out in turn', async () => {
      for (const service of services) {
        await shop.kubectl('rollout', 'restart', `deploy/${service}`);
        await shop.rolledOut(service);
      }
    }));

  test('a setting changes', () =>
    noRequestFails(shop, '`helm upgrade` with another setting', () => shop.upgrade(['global.env.LOG_LEVEL=warn'])));
});

describe('by hand, without an autoscaler,', () => {
  const scaled = ['catalog', 'gateway'];
  const both = scaled.map((name) => `deploy/${name}`);
  afterAll(() => shop.upgrade(), 300_000);

  test('scaling gateway and catalog from one pod to five and back fails no request', async () => {
    await shop.upgrade(scaled.flatMap((name) => [`${name}.replicas.min=1`, `${name}.replicas.max=1`]));
    // Helm removes the autoscalers last, and they may have scaled once more.
    await shop.kubectl('scale', ...both, '--replicas=1');
    await expect.poll(async () => (await shop.pods('catalog')).length, { timeout: 60_000 }).toBe(1);
    // Pods that stop wait five seconds and finish their requests.
    const left = async () =>
      (await get('pods', '-n', shop.namespace, '-l', 'app.kubernetes.io/name in (gateway,catalog)')).items.length;
    const upAndDown = async () => {
      for (const name of scaled) {
        await shop.kubectl('scale', `deploy/${name}`, '--replicas=5');
        await shop.rolledOut(name);
        expect((await shop.pods(name)).length).toBe(5);
      }
      await sleep(5000);
      await shop.kubectl('scale', ...both, '--replicas=1');
      await expect.poll(left, { timeout: 60_000, interval: 1000 }).toBe(2);
    };
    const what = 'catalog, then gateway scaled from 1 to 5, and both back to 1';
    // One pod of each takes half the load of two.
    await noRequestFails(shop, what, upAndDown, inject('rate') / 2);
  });
});

// On a node with a dead kubelet, pods keep running without supervision. How to stop a kubelet depends on the cluster, so two
// variables give the commands, which find the node in $NODE.
const { CLUSTER_STOP_KUBELET: stop, CLUSTER_START_KUBELET: start } = process.env;

describe.skipIf(!stop || !start)('a kubelet that dies', () => {
  const isReady = async (node: string) => {
    const { status } = await get('node', node);
    const { conditions } = status as { conditions: { type: string; status: string }[] };
    return conditions.find(({ type }) => type === 'Ready')!.status === 'True';
  };
  const at = (node: string, command: string) => must(['env', `NODE=${node}`, 'sh', '-c', command]);

  test('is noticed by Kubernetes, fails no request, and its node becomes ready again', async ({ skip }) => {
    const node = await shop.nodeWithoutStores();
    if (!node) return skip('every node with pods of ours has a store on it');
    const onIt = (await shop.allPods()).filter(({ spec }) => spec.nodeName === node).length;
    const startedAt = Date.now();
    let noticedAt = 0;
    await noRequestFails(shop, 'a kubelet dead, and alive again', async () => {
      try {
        await at(node, stop!);
        await expect.poll(() => isReady(node), { timeout: 120_000, interval: 1000 }).toBe(false);
        noticedAt = Date.now();
        // Its pods are removed from DNS now, and still answer clients with an older answer of DNS.
        await sleep(20_000);
      } finally {
        await at(node, start!);
      }
      await expect.poll(() => isReady(node), { timeout: 120_000, interval: 1000 }).toBe(true);
      await shop.rolledOut(...services);
    });
    note('the dead kubelet', {
      'pods on its node': onIt,
      'seconds until Kubernetes noticed': Math.round((noticedAt - startedAt) / 1000),
    });
  });
});
