// Visitors keep coming at a constant rate while the shop is changed under them; not one of them may notice.
import { install } from '@shop/tools/cluster/install';
import { get, kubectl } from '@shop/tools/cluster/kubectl';
import { testValues } from '@shop/tools/cluster/test-shop';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ClusterShop, services } from './cluster-shop.js';
import { startObserver, unevenness, type Observer } from './observer.js';
import { during, failures } from './traffic.js';

const { namespace, url, tag } = inject('shop');
const shop = new ClusterShop(namespace, url);
const upgrade = (...set: string[]) =>
  install({ namespace, values: testValues, set: [`global.image.tag=${tag}`, ...set], timeout: '4m' });
const RATE = 20;

/** A node other than those that stores run on; their pods have nowhere else to go. */
async function nodeWithoutStores(): Promise<string | undefined> {
  const { items } = await get('pods', '-n', namespace);
  interface Pod {
    metadata: { ownerReferences?: { kind: string }[] };
    spec: { nodeName: string };
  }
  const isStore = ({ metadata }: Pod) => metadata.ownerReferences?.some(({ kind }) => kind === 'StatefulSet');
  const taken = new Set((items as Pod[]).filter(isStore).map(({ spec }) => spec.nodeName));
  const nodes = (await get('nodes')).items as { metadata: { name: string } }[];
  return nodes.map(({ metadata }) => metadata.name).find((name) => !taken.has(name));
}

describe('nobody notices that', () => {
  test('every service is rolled out at once', async () => {
    const seen = await during(shop, { rate: RATE, seconds: 90 }, async () => {
      await shop.kubectl('rollout', 'restart', ...services.map((name) => `deploy/${name}`));
      await shop.rolledOut(...services);
    });
    expect(failures(seen)).toEqual([]);
  });

  test('a pod of each service is deleted', async () => {
    const seen = await during(shop, { rate: RATE, seconds: 75 }, async () => {
      for (const service of services.filter((name) => name !== 'image-worker')) {
        const [pod] = await shop.pods(service);
        await shop.kubectl('delete', 'pod', pod!, '--wait=false');
        await shop.rolledOut(service);
      }
    });
    expect(failures(seen)).toEqual([]);
  });

  test('a setting changes', async () => {
    const seen = await during(shop, { rate: RATE, seconds: 90 }, async () => {
      await upgrade('global.env.LOG_LEVEL=warn');
    });
    expect(failures(seen)).toEqual([]);
  });

  test('a node is drained', async ({ skip }) => {
    const node = await nodeWithoutStores();
    if (!node) return skip('every node has a store on it');
    const seen = await during(shop, { rate: RATE, seconds: 75 }, async () => {
      try {
        await kubectl('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=80s');
      } finally {
        await kubectl('uncordon', node);
      }
    });
    expect(failures(seen)).toEqual([]);
  });

  test('an image that does not start is rolled out, and taken back', async () => {
    const seen = await during(shop, { rate: RATE, seconds: 75 }, async () => {
      const tried = install({ namespace, values: testValues, set: ['global.image.tag=no-such-image'], timeout: '25s' });
      await expect(tried).rejects.toThrow(/ImagePullBackOff|ErrImagePull/);
      await shop.rolledOut(...services);
    });
    expect(failures(seen)).toEqual([]);
    const { spec } = await get('deployment', 'catalog', '-n', namespace);
    expect(spec.template.spec.containers[0].image).toBe(`shop:${tag}`);
  });
});

describe('pods that are added', () => {
  let observer: Observer;
  beforeAll(async () => {
    observer = await startObserver(shop, tag);
  });
  afterAll(async () => {
    await observer?.stop();
    await shop.kubectl('scale', 'deploy/catalog', '--replicas=2');
  });

  test('get their share of the calls', async () => {
    let shares: number[] = [];
    await during(shop, { flow: 'search', rate: RATE, seconds: 60 }, async () => {
      await shop.kubectl('scale', 'deploy/catalog', '--replicas=4');
      await shop.rolledOut('catalog');
      await sleep(10_000);
      shares = await observer.increases('catalog', 'rpc_server_requests_total', () => sleep(15_000));
    });
    console.log('calls per pod:', shares);
    expect(shares).toHaveLength(4);
    expect(unevenness(shares)).toBeLessThan(0.25);
  });
});
