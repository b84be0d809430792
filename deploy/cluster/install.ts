// Installs, upgrades and uninstalls the shop with Helm.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { run } from '@shop/tools/processes';
import { Failure } from '@shop/tools/terminal';
import { helm, kubectl, must, RELEASE } from './kubectl.ts';

export const chart = join(root, 'deploy', 'chart');

export interface InstallOptions {
  namespace: string;
  /** Names of deploy/chart/values-*.yaml, or files; later ones take precedence. */
  values: string[];
  /** `a.b=c`, with precedence over all files. */
  set?: string[];
  /** Values of the current release as JSON, with the lowest precedence. */
  kept?: string | undefined;
  timeout?: string;
}

/**
 * Installs or upgrades, and waits until everything is ready; a failed upgrade is rolled back. Conflicts are forced, because the
 * field manager of an autoscaled number of replicas is Kubernetes, and a fixed number in the values overrides it.
 */
export async function install(wanted: InstallOptions): Promise<string> {
  const { namespace, timeout = '5m' } = wanted;
  await makeNamespace(namespace);
  const isThere = (await run(['helm', 'status', RELEASE, '-n', namespace])).code === 0;
  const options = ['--install', '--wait', '--force-conflicts', '--reset-values', '--timeout', timeout];
  if (isThere) options.push('--rollback-on-failure');
  try {
    return await must(
      ['helm', 'upgrade', RELEASE, chart, '-n', namespace, ...options, ...valuesOptions(wanted)],
      wanted.kept,
    );
  } catch (error) {
    throw new Failure(`${(error as Error).message}\n\n${await whatIsWrong(namespace)}`);
  }
}

/** The manifests that would be installed. */
export function render(wanted: InstallOptions): Promise<string> {
  const options = ['-n', wanted.namespace, ...valuesOptions(wanted)];
  return must(['helm', 'template', RELEASE, chart, ...options], wanted.kept);
}

/** With `data`, deletes volumes and secrets too. */
export async function uninstall(namespace: string, { data }: { data: boolean }): Promise<void> {
  if ((await run(['helm', 'status', RELEASE, '-n', namespace])).code === 0)
    await helm('uninstall', RELEASE, '-n', namespace, '--wait', '--timeout', '3m');
  if (data) await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=3m');
}

export function imagesIn(manifests: string): string[] {
  return [...new Set([...manifests.matchAll(/^\s*image: "?([^\s"]+)/gm)].map(([, image]) => image!))].sort();
}

function valuesOptions({ values, set = [], kept }: InstallOptions): string[] {
  const file = (name: string) => {
    const path = [join(chart, `values-${name}.yaml`), name].find(existsSync);
    if (!path) throw new Failure(`Neither deploy/chart/values-${name}.yaml nor a file ${name} exists.`);
    return path;
  };
  return [
    ...(kept === undefined ? [] : ['-f', '-']), // from standard input
    ...values.flatMap((name) => ['-f', file(name)]),
    ...set.flatMap((each) => ['--set', each]),
  ];
}

/** With the labels that enforce the restricted pod security standard. */
async function makeNamespace(name: string): Promise<void> {
  const text = readFileSync(join(root, 'k8s', 'namespace', 'namespace.yaml'), 'utf8');
  await must(['kubectl', 'apply', '-f', '-'], text.replace(/^ {2}name: .*$/m, `  name: ${name}`));
}

/** Warnings of Kubernetes, and the last lines of the logs of pods that are not ready. */
async function whatIsWrong(namespace: string): Promise<string> {
  const format = 'jsonpath={range .items[*]}{.involvedObject.name}: {.reason}: {.message}{"\\n"}{end}';
  const warnings = ['--field-selector', 'type=Warning', '--sort-by', 'lastTimestamp', '-o', format];
  const events = await run(['kubectl', 'get', 'events', '-n', namespace, ...warnings]);
  const complaints = events.output
    .split('\n')
    .filter((line) => line && !/: (Unhealthy|Failed\w*Metric\w*): /.test(line));
  const { output } = await run(['kubectl', 'get', 'pods', '-n', namespace, '--no-headers']);
  const pods = output.split('\n').filter((line) => line && !/\s(\d+)\/\1\s|Completed/.test(line));
  const logs = await Promise.all(
    pods.slice(0, 5).map(async (line) => {
      const [pod = ''] = line.split(/\s+/);
      const log = await run(['kubectl', 'logs', '-n', namespace, pod, '--tail=3', '--all-containers']);
      return `${line}\n${log.output.trim()}`;
    }),
  );
  return [...complaints.slice(-5), ...logs].join('\n');
}
