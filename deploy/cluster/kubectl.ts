// kubectl and helm for the cluster of KUBECONFIG.
import { run } from '@shop/tools/processes';
import { Failure } from '@shop/tools/terminal';

export const NAMESPACE = 'shop';
export const RELEASE = 'shop';

export async function kubectl(...args: string[]): Promise<string> {
  return must(['kubectl', ...args]);
}

export async function helm(...args: string[]): Promise<string> {
  return must(['helm', ...args]);
}

/** Runs a program that must succeed; resolves to its output. */
export async function must(command: string[], input?: string): Promise<string> {
  const { code, output } = await run(command, input === undefined ? {} : { input });
  if (code !== 0) throw new Failure(`${command.slice(0, 3).join(' ')}: ${output.trim()}`);
  return output.trim();
}

/** The context of the cluster. Fails with a hint when a program is missing or no cluster answers. */
export async function findCluster(): Promise<string> {
  for (const [program, version, where] of [
    ['kubectl', ['version', '--client'], 'https://kubernetes.io/docs/tasks/tools'],
    ['helm', ['version', '--short'], 'https://helm.sh/docs/intro/install'],
  ] as const) {
    const { code, output } = await run([program, ...version]);
    if (code !== 0) throw new Failure(`${program} was not found. Install it: ${where}`);
    if (/^v[1-3]\./.test(output))
      throw new Failure(`This needs Helm 4, but ${output.trim()} is installed. Update it: ${where}`);
  }
  const { code, output } = await run(['kubectl', 'get', '--raw', '/readyz', '--request-timeout=5s']);
  if (code !== 0)
    throw new Failure(
      `No cluster answers: ${output.trim().split('\n').at(-1)}\nSet KUBECONFIG, or create a cluster: kind create cluster --config k8s/kind.yaml`,
    );
  return (await run(['kubectl', 'config', 'current-context'])).output.trim();
}

/** The output of `kubectl get` as JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each kind has its own shape
export async function get(...args: string[]): Promise<any> {
  return JSON.parse(await kubectl('get', ...args, '-o', 'json'));
}
