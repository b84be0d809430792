// A shop in a Kubernetes cluster, to be disturbed: what kubectl can do with it, and what its pods count.
import { get, kubectl } from '@shop/tools/cluster/kubectl';
import { Shopper } from '../test/shopper.js';

export const services = ['accounts', 'catalog', 'orders', 'payments', 'image-worker', 'gateway', 'edge'] as const;

export class ClusterShop {
  constructor(
    readonly namespace: string,
    /** Where the ingress controller answers. */
    readonly url: string,
  ) {}

  shopper(): Shopper {
    return new Shopper(this.url);
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl('-n', this.namespace, ...args);
  }

  /** Names of the pods of a service that are ready and not about to go. */
  async pods(service: string): Promise<string[]> {
    const { items } = await get('pods', '-n', this.namespace, '-l', `app.kubernetes.io/name=${service}`);
    interface Pod {
      metadata: { name: string; deletionTimestamp?: string };
      status: { conditions?: { type: string; status: string }[] };
    }
    const isReady = ({ metadata, status }: Pod) =>
      !metadata.deletionTimestamp &&
      status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    return (items as Pod[]).filter(isReady).map(({ metadata }) => metadata.name);
  }

  async rolledOut(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.kubectl('rollout', 'status', `deploy/${name}`, '--timeout=240s')));
  }

  /** Runs a script in a pod of the shop's image; answers what it printed. */
  async inside(pod: string, script: string): Promise<string> {
    return this.kubectl('exec', pod, '--', 'node', '--input-type=module', '-e', script);
  }

  /** What nginx has answered since it started, over all its pods. */
  async visits(): Promise<number> {
    const pods = await this.pods('edge');
    const status = await Promise.all(
      pods.map((pod) => this.kubectl('exec', pod, '--', 'curl', '-s', 'http://127.0.0.1:8081/status')),
    );
    return status.reduce((sum, text) => sum + Number(/^ \d+ \d+ (\d+)/m.exec(text)?.[1]), 0);
  }

  /** Mebibytes, as the kernel counts what cannot be given back. */
  async memory(service: string): Promise<number[]> {
    const table = await this.kubectl('top', 'pods', '--no-headers', '-l', `app.kubernetes.io/name=${service}`);
    return table.split('\n').map((line) => Number(/(\d+)Mi\s*$/.exec(line)?.[1]));
  }
}
