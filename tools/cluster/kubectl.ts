// kubectl and helm, against whatever cluster KUBECONFIG names.
import { run } from '../processes.ts';
import { Failure } from '../terminal.ts';

export const NAMESPACE = 'shop';
export const RELEASE = 'shop';

export async function kubectl(...args: string[]): Promise<string> {
  return must(['kubectl', ...args]);
}

export async function helm(...args: string[]): Promise<string> {
  return must(['helm', ...args]);
}

/** Runs a program with standard input; what it says when it fails is the failure. */
export async function must(command: string[], input?: string): Promise<string> {
  const { code, output } = await run(command, input === undefined ? {} : { input });
  if (code !== 0) throw new Failure(`${command.slice(0, 3).join(' ')}: ${output.trim()}`);
  return output.trim();
}

/** The name of the cluster's context; a Failure that says what is missing, when there is no cluster to talk to. */
export async function findCluster(): Promise<string> {
  for (const [program, version, where] of [
    ['kubectl', ['version', '--client'], 'https://kubernetes.io/docs/tasks/tools'],
    ['helm', ['version', '--short'], 'https://helm.sh/docs/intro/install'],
  ] as const) {
    const { code, output } = await run([program, ...version]);
    if (code !== 0) throw new Failure(`There is no ${program} here: ${where}`);
    if (/^v[1-3]\./.test(output)) throw new Failure(`This needs Helm 4, and here is ${output.trim()}: ${where}`);
  }
  const { code, output } = await run(['kubectl', 'get', '--raw', '/readyz', '--request-timeout=5s']);
  if (code !== 0)
    throw new Failure(
      `No cluster answers: ${output.trim().split('\n').at(-1)}\nSet KUBECONFIG, or make one: kind create cluster --config k8s/kind.yaml`,
    );
  return (await run(['kubectl', 'config', 'current-context'])).output.trim();
}

/** What kubectl answers as JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as many shapes as there are kinds
export async function get(...args: string[]): Promise<any> {
  return JSON.parse(await kubectl('get', ...args, '-o', 'json'));
}
