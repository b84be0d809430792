// Installs one shop in the cluster for all tests of a run.
import { startTestShop, type TestShop } from './test-shop.ts';
import { Failure } from '@shop/tools/terminal';
import './notes.js';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    shop: Pick<TestShop, 'namespace' | 'url' | 'tag'>;
    /** Actions per second while something is changed. */
    rate: number;
  }
}

/** For two cores: a test may run beside others, a chaos test has the machine to itself. See k8s/README.md. */
const RATES = { test: 10, chaos: 90 };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { CLUSTER_NOTES: notes, CLUSTER_RATE: rate = notes ? RATES.chaos : RATES.test } = process.env;
  if (!(Number(rate) > 0)) throw new Failure(`CLUSTER_RATE must be a number above 0, and is "${rate}".`);
  const { stop, ...shop } = await startTestShop();
  project.provide('shop', shop);
  project.provide('notes', notes);
  project.provide('rate', Number(rate));
  return stop;
}
