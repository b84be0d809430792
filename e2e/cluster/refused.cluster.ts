// A version that cannot start gets no requests, reports why, and is rolled back.
import { get, must } from '@shop/deploy/cluster/kubectl';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ClusterShop, isReady, services } from '../cluster.js';
import { noRequestFails } from './traffic.js';

const shop = new ClusterShop(inject('shop'));
const NO_DATABASE = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'no-database', namespace: shop.namespace },
  stringData: { url: 'postgres://payments:secret@no-such-host:5432/payments' },
};
const unstartable = [
  'catalog.image=no-such-image',
  'accounts.secrets.ACCOUNTS_DATABASE_URL=no-such-secret/url',
  'payments.secrets.PAYMENTS_DATABASE_URL=no-database/url',
];

beforeAll(() => must(['kubectl', 'apply', '-f', '-'], JSON.stringify(NO_DATABASE)));
afterAll(() => shop.kubectl('delete', 'secret', 'no-database'));

/** The newest pod of a service: what it waits for, its restarts, and its log. */
async function plight(service: string): Promise<{ waitsFor?: string; restarts: number; log: string }> {
  const pod = (await shop.allPods(service)).find((each) => !isReady(each));
  const container = pod?.status.containerStatuses?.[0];
  const log = pod && (await shop.kubectl('logs', pod.metadata.name).catch(String));
  return { waitsFor: container?.state.waiting?.reason, restarts: container?.restartCount ?? -1, log: log ?? '' };
}

test('a version that lacks its image, Secret or database gets no requests, reports the reason, and is rolled back', async () => {
  let said = '';
  const tried = async () => {
    const upgrade = shop.upgrade(unstartable, { timeout: '40s' }).catch((error: Error) => (said = error.message));
    const wait = { timeout: 30_000, interval: 1000 };
    await expect.poll(() => plight('catalog'), wait).toMatchObject({ waitsFor: expect.stringMatching(/Image/) });
    await expect.poll(() => plight('accounts'), wait).toMatchObject({ waitsFor: 'CreateContainerConfigError' });
    await expect.poll(() => plight('payments'), wait).toMatchObject({ log: expect.stringContaining('no-such-host') });
    const plights = await Promise.all(['catalog', 'accounts', 'payments'].map(plight));
    expect(plights.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
    await upgrade;
    await shop.rolledOut(...services);
  };
  await noRequestFails(shop, 'a version that cannot start, taken back', tried);
  expect(said).toMatch(/secret "no-such-secret" not found/);
  expect(said).toMatch(/no-such-image/);
  const { spec } = await get('deployment', 'catalog', '-n', shop.namespace);
  expect(spec.template.spec.containers[0].image).toBe(`shop:${shop.tag}`);
});
