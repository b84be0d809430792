// Optional parts of a cluster that the shop would use and that are missing.
import { run } from '@shop/tools/processes';

/** One sentence for each missing part that `manifests` rely on. */
export async function lacking(manifests: string): Promise<string[]> {
  const metrics = await run(['kubectl', 'get', '--raw', '/apis/metrics.k8s.io/v1beta1']);
  const classes = await run(['kubectl', 'get', 'ingressclass', '-o', 'jsonpath={.items[*].metadata.name}']);
  const sentences = [];
  if (/^kind: HorizontalPodAutoscaler$/m.test(manifests) && metrics.code !== 0)
    sentences.push('There is no metrics-server, so every service keeps its minimum number of pods: see k8s/README.md.');
  if (/^kind: Ingress$/m.test(manifests) && classes.code === 0 && classes.output === '')
    sentences.push(
      'There is no ingress controller, so the shop can be reached by port-forward only: see k8s/README.md.',
    );
  return sentences;
}
