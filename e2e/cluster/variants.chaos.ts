// The other ways to run the shop in a cluster: one process, the Gateway API, kubectl without Helm.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { get, kubectl, must } from '@shop/deploy/cluster/kubectl';
import { s3Image, testValues } from './test-shop.ts';
import { root } from '@shop/tools/data-dir';
import { run } from '@shop/tools/processes';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { patiently, patientlySettled } from '../patience.js';
import { Shopper } from '../shopper.js';
import { ClusterShop, services } from '../cluster.js';
import { forward } from './forward.js';
import { note } from './notes.js';

const shop = new ClusterShop(inject('shop'));

/** Buys one piece of a product, and returns the id of the paid order. */
async function buy(sam: Shopper): Promise<string> {
  const { body } = await patiently(sam, () => sam.get('/api/products?inStock=true&limit=1'));
  const order = { lines: [{ productId: body.items[0].id, quantity: 1 }], payment: { method: 'card', token: 'tok_ok' } };
  const key = `variants-${Date.now()}`;
  const placed = await patiently(sam, () => sam.order(order, key));
  expect(placed.status).toBe(202);
  expect(await patientlySettled(sam, placed.body.id as string)).toMatchObject({ status: 'paid' });
  return placed.body.id as string;
}

describe('values-small.yaml', () => {
  afterAll(() => shop.upgrade(), 300_000);

  test('switches to one process and back, and keeps customers, sessions, carts and orders', async () => {
    const sam = shop.shopper();
    await sam.register();
    const orders = [await buy(sam)];
    const { body } = await sam.get('/api/products?inStock=true&limit=1');
    await sam.send('PUT', `/api/cart/lines/${body.items[0].id}`, { quantity: 2 });

    // Edges that are stopping still connect to stopped gateways.
    const answer = async (path: string) => (await patiently(sam, () => sam.get(path))).body;
    const asBefore = async () => {
      expect(await answer('/api/session')).toMatchObject({ customer: { id: sam.customerId } });
      expect((await answer('/api/cart')).lines).toMatchObject([{ quantity: 2 }]);
      const known = (await answer('/api/orders')).items as { id: string }[];
      expect(known.map(({ id }) => id)).toEqual(orders.toReversed());
    };
    await shop.upgrade(['all.env.SEED_IMAGES=off'], { values: [...testValues, 'small'] });
    const running = async () => (await shop.allPods()).map(({ metadata }) => metadata.labels['app.kubernetes.io/name']);
    const stores = ['postgres', 'redis-cache', 'redis-state', 's3'];
    await expect.poll(async () => (await running()).sort(), { timeout: 60_000 }).toEqual(['all', 'edge', ...stores]);
    await asBefore();
    orders.push(await buy(sam));
    note('memory of the shop as one process, MiB', { all: await shop.memory('all') });

    await shop.upgrade();
    await asBefore();
    orders.push(await buy(sam));
    await asBefore();
  });
});

const gatewayClass = await run(['kubectl', 'get', 'gatewayclass', '-o', 'jsonpath={.items[0].metadata.name}']);
const gatewayClassName = gatewayClass.code === 0 ? gatewayClass.output : '';

describe.skipIf(!gatewayClassName)('the Gateway API', () => {
  const { namespace } = shop;
  const door = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'door', namespace },
    spec: {
      gatewayClassName,
      listeners: [{ name: 'http', protocol: 'HTTP', port: Number(new URL(shop.url).port) || 80 }],
    },
  };
  beforeAll(() => must(['kubectl', 'apply', '-f', '-'], JSON.stringify(door)));
  afterAll(async () => {
    await shop.upgrade();
    await shop.kubectl('delete', 'gateway', 'door');
  }, 300_000);

  test('routes requests by an HTTPRoute, without an Ingress', async () => {
    const route = ['ingress.enabled=false', 'httpRoute.enabled=true', 'httpRoute.parents[0].name=door'];
    await shop.upgrade(route);
    expect((await get('ingress', '-n', namespace)).items).toEqual([]);
    const accepted = async () => {
      const { status } = await get('httproute', 'shop', '-n', namespace);
      const parents = (status?.parents ?? []) as { conditions: { type: string; status: string }[] }[];
      return parents.flatMap(({ conditions }) => conditions).filter(({ type }) => type === 'Accepted');
    };
    await expect.poll(accepted, { timeout: 60_000 }).toMatchObject([{ status: 'True' }]);
    const sam = shop.shopper();
    await patiently(sam, async () => {
      const answer = await sam.get('/api/products');
      return answer.status === 404 ? { ...answer, status: 503 } : answer; // the controller has not heard of it yet
    });
    await sam.register();
    await buy(sam);
  });
});

describe('without Helm', () => {
  // The rendered files name this namespace.
  const namespace = 'shop';
  /** Set once it is known that the namespace did not exist. */
  let overlay: string | undefined;

  beforeAll(async () => {
    const { items } = await get('namespaces');
    if ((items as { metadata: { name: string } }[]).some(({ metadata }) => metadata.name === namespace))
      throw new Error(
        'There is a namespace shop in this cluster, which would be overwritten: npm run cluster:down -- --data',
      );
    overlay = await mkdtemp(join(tmpdir(), 'shop-kustomize-'));
  });
  afterAll(async () => {
    if (!overlay) return;
    await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=3m');
    await rm(overlay, { recursive: true });
  }, 240_000);

  test('`kubectl apply -k` makes a shop that sells', async () => {
    // With the images of the tests and without an Ingress, which would be the second one for every host.
    const folder = overlay!;
    const base = relative(folder, join(root, 'k8s', 'rendered', 'default'));
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [base],
      images: [
        ...['shop', 'shop-edge'].map((name) => ({ name, newTag: shop.tag })),
        ...(s3Image ? [{ name: 'versity/versitygw', newTag: s3Image.split(':')[1] }] : []),
      ],
      patches: [
        {
          target: { kind: 'Ingress' },
          patch: '$patch: delete\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: shop }\n',
        },
      ],
    };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    await kubectl('apply', '-f', join(root, 'k8s', 'namespace', 'namespace.yaml'));
    const secrets = await must(['sh', join(root, 'k8s', 'secrets.sh')]);
    await must(['kubectl', 'create', '-n', namespace, '-f', '-'], secrets);
    await kubectl('apply', '-k', folder);
    for (const name of services)
      await kubectl('-n', namespace, 'rollout', 'status', `deploy/${name}`, '--timeout=240s');
    const { port, stop } = await forward(namespace, 'edge', 80);
    try {
      const sam = new Shopper(`http://127.0.0.1:${port}`);
      await sam.register();
      await buy(sam);
    } finally {
      stop();
    }
  });
});
