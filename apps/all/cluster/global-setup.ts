// One shop in the cluster for all tests of a run.
import { startTestShop, type TestShop } from '@shop/tools/cluster/test-shop';
import './notes.js';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    shop: Pick<TestShop, 'namespace' | 'url' | 'tag'>;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...shop } = await startTestShop();
  project.provide('shop', shop);
  // eslint-disable-next-line no-restricted-properties -- of tools/cluster/prove.ts, and no setting of the shop
  project.provide('notes', process.env['CLUSTER_NOTES']);
  return stop;
}
