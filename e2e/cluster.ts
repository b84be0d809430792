// A shop in a Kubernetes cluster under test: its pods, upgrades and metrics.
import { install } from '@shop/deploy/cluster/install';
import { get, kubectl } from '@shop/deploy/cluster/kubectl';
import { testSettings, testValues, type TestShop } from './cluster/test-shop.ts';
import { vi } from 'vitest';
import { ShopAt } from './shop.js';

export const services = ['accounts', 'catalog', 'orders', 'payments', 'image-worker', 'gateway', 'edge'] as const;

/** The fields of a pod that tests read. */
export interface Pod {
  metadata: {
    name: string;
    labels: Record<string, string>;
    deletionTimestamp?: string;
    ownerReferences?: { kind: string }[];
  };
  spec: { nodeName: string };
  status: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: { ready: boolean; restartCount: number; state: { waiting?: { reason: string } } }[];
  };
}

export class ClusterShop extends ShopAt {
  readonly namespace: string;
  readonly tag: string;

  constructor({ namespace, url, tag }: Pick<TestShop, 'namespace' | 'url' | 'tag'>) {
    super(url); // where the ingress controller answers
    this.namespace = namespace;
    this.tag = tag;
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl('-n', this.namespace, ...args);
  }

  /** Upgrades to the values of the tests plus `set`; waits until everything is ready, and rolls back after the timeout. */
  async upgrade(set: readonly string[] = [], options: { values?: string[]; timeout?: string } = {}): Promise<void> {
    const { values = testValues, timeout = '4m' } = options;
    const all = [`global.image.tag=${this.tag}`, ...testSettings, ...set];
    await install({ namespace: this.namespace, values, set: all, timeout });
  }

  /** All pods, or those of a service, that are not being deleted. */
  async allPods(service?: string): Promise<Pod[]> {
    const which = service === undefined ? [] : ['-l', `app.kubernetes.io/name=${service}`];
    const { items } = await get('pods', '-n', this.namespace, ...which);
    return (items as Pod[]).filter(({ metadata }) => !metadata.deletionTimestamp);
  }

  /** Names of the ready pods of a service. */
  async pods(service: string): Promise<string[]> {
    return (await this.allPods(service)).filter(isReady).map(({ metadata }) => metadata.name);
  }

  /** The node with most pods of the shop that has no store on it, because stores cannot move. */
  async nodeWithoutStores(): Promise<string | undefined> {
    const isStore = ({ metadata }: Pod) => metadata.ownerReferences?.some(({ kind }) => kind === 'StatefulSet');
    const pods = (await this.allPods()).filter(({ spec }) => spec.nodeName);
    const taken = new Set(pods.filter(isStore).map(({ spec }) => spec.nodeName));
    const counts = new Map<string, number>();
    for (const { spec } of pods)
      if (!taken.has(spec.nodeName)) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
  }

  async rolledOut(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.kubectl('rollout', 'status', `deploy/${name}`, '--timeout=240s')));
  }

  /** Runs a script in a pod of the shop's image, and returns its output. */
  async inside(pod: string, script: string): Promise<string> {
    return this.kubectl('exec', pod, '--', 'node', '--input-type=module', '-e', script);
  }

  /** Number of requests that all pods of nginx have answered since their start. */
  async visits(): Promise<number> {
    const pods = await this.pods('edge');
    const status = await Promise.all(
      pods.map((pod) => this.kubectl('exec', pod, '--', 'curl', '-s', 'http://127.0.0.1:8081/status')),
    );
    return status.reduce((sum, text) => sum + Number(/^ \d+ \d+ (\d+)/m.exec(text)?.[1]), 0);
  }

  /** Memory of each ready pod in MiB, as the kernel counts what it cannot reclaim; waits until the metrics are known. */
  memory(service: string): Promise<number[]> {
    const known = async () => {
      const pods = await this.pods(service);
      const table = await this.kubectl('top', 'pods', '--no-headers', '-l', `app.kubernetes.io/name=${service}`);
      const lines = table.split('\n').map((line) => line.split(/\s+/));
      return pods.map((pod) => {
        const [, , memory] = lines.find(([name]) => name === pod) ?? [];
        if (memory === undefined) throw new Error(`nothing is known of ${pod} yet`);
        return Number.parseInt(memory, 10);
      });
    };
    return vi.waitFor(known, { timeout: 90_000, interval: 5000 });
  }
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}
