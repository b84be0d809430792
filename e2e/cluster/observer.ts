// A pod that reads the metrics of other pods, as Prometheus would, without running anything in them.
import { must } from '@shop/deploy/cluster/kubectl';
import { run } from '@shop/tools/processes';
import type { ClusterShop } from '../cluster.js';

const NAME = 'observer';
const PORT = 8000;

/** Answers GET /<service>/<counter> with the counter of every pod of the service, by address. */
const SCRIPT = `
  import { lookup } from 'node:dns/promises';
  import { createServer } from 'node:http';
  const sum = (text, counter) => text.split('\\n').filter((line) => line.startsWith(counter + '{'))
    .reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' '))), 0);
  const look = async (service, counter) => {
    const pods = await lookup(service, { all: true, family: 4 });
    const one = async ({ address }) => {
      const answer = await fetch('http://' + address + ':9100/metrics', { signal: AbortSignal.timeout(3000) });
      return [address, sum(await answer.text(), counter)];
    };
    const counts = await Promise.allSettled(pods.map(one));
    return Object.fromEntries(counts.flatMap(({ value }) => (value ? [value] : [])));
  };
  createServer((request, response) => {
    const [, service, counter] = request.url.split('/');
    look(service, counter).then((counts) => response.end(JSON.stringify(counts)), () => response.end('{}'));
  }).listen(${PORT}, '0.0.0.0');`;

export async function startObserver(shop: ClusterShop): Promise<Observer> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    // global.metricsFrom of values-proof.yaml lets it in.
    metadata: { name: NAME, namespace: shop.namespace, labels: { role: NAME } },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: NAME,
          image: `shop:${shop.tag}`,
          args: ['--input-type=module', '-e', SCRIPT],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
  await must(['kubectl', 'apply', '-f', '-'], JSON.stringify(pod));
  await shop.kubectl('wait', '--for=condition=Ready', `pod/${NAME}`, '--timeout=60s');
  return new Observer(shop);
}

export class Observer {
  constructor(private readonly shop: ClusterShop) {}

  /** The counter by address of the pod. */
  async counts(service: string, counter: string): Promise<Record<string, number>> {
    const path = `/api/v1/namespaces/${this.shop.namespace}/pods/${NAME}:${PORT}/proxy/${service}/${counter}`;
    const { code, output } = await run(['kubectl', 'get', '--raw', path]);
    if (code !== 0) throw new Error(output);
    return JSON.parse(output) as Record<string, number>;
  }

  /** The increase of the counter of each pod that existed before and after. */
  async increases(service: string, counter: string, meanwhile: () => Promise<unknown>): Promise<number[]> {
    const before = await this.counts(service, counter);
    await meanwhile();
    const after = await this.counts(service, counter);
    return Object.entries(after).flatMap(([pod, count]) => (pod in before ? [count - before[pod]!] : []));
  }

  async stop(): Promise<void> {
    await this.shop.kubectl('delete', 'pod', NAME, '--now', '--ignore-not-found');
  }
}

/** The largest relative deviation from the mean. */
export function unevenness(counts: number[]): number {
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return Math.max(...counts.map((count) => Math.abs(count / mean - 1)));
}
