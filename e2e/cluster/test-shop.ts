// A shop of its own in the cluster of KUBECONFIG, with the values of proofs, for tests to disturb.
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, step } from '@shop/tools/terminal';
import { buildImages, loadImages } from '@shop/deploy/cluster/images';
import { imagesIn, install, render, uninstall } from '@shop/deploy/cluster/install';
import { findCluster, get } from '@shop/deploy/cluster/kubectl';

const NAMESPACE = 'shop-test';
export const testValues = ['demo', 'proof'];
/** As for docker-compose.yml: where the one of the chart cannot be had. */
export const s3Image = process.env['S3_IMAGE'];
export const testSettings = s3Image ? [`s3.image=${s3Image}`] : [];
const READY_MS = 60_000;

export interface TestShop {
  namespace: string;
  /** Where the ingress controller answers for it. */
  url: string;
  tag: string;
  stop(): Promise<void>;
}

export async function startTestShop(): Promise<TestShop> {
  const url = process.env['CLUSTER_URL'] || 'http://127.0.0.1:8081';
  const keep = process.env['CLUSTER_KEEP'] === 'yes';
  const build = process.env['CLUSTER_BUILD'] !== 'no';
  const context = await findCluster();
  await refuseCompany();
  const tag = await step(build ? 'Building the images' : 'Looking for the images', () => buildImages({ build }));
  const set = [`global.image.tag=${tag}`, ...testSettings];
  await loadImages(context, imagesIn(await render({ namespace: NAMESPACE, values: testValues, set })));
  await step(`Installing a shop for tests in ${context}`, () =>
    install({ namespace: NAMESPACE, values: testValues, set }),
  );
  const stop = () => (keep ? Promise.resolve() : uninstall(NAMESPACE, { data: true }));
  try {
    await answers(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { namespace: NAMESPACE, url, tag, stop };
}

/** Two Ingresses for every host would share the visitors between them. */
async function refuseCompany(): Promise<void> {
  const { items } = await get('ingress', '-A');
  const others = (items as { metadata: { namespace: string }; spec: { rules?: { host?: string }[] } }[]).filter(
    ({ metadata, spec }) => metadata.namespace !== NAMESPACE && (spec.rules?.some(({ host }) => !host) ?? true),
  );
  if (others[0])
    throw new Failure(
      `The Ingress in namespace ${others[0].metadata.namespace} is for every host, and so is that of the tests. Take it down first: npm run cluster:down.`,
    );
}

async function answers(url: string): Promise<void> {
  const end = Date.now() + READY_MS;
  for (;;) {
    const status = await fetch(`${url}/api/products`).then((answer) => answer.status, String);
    if (status === 200) return;
    if (Date.now() > end)
      throw new Failure(`${url} answers ${status}. Is that the ingress controller? CLUSTER_URL names another address.`);
    await sleep(500);
  }
}
