// What a cluster needs beforehand and does not have. The shop runs without, so this is told and nothing more.
import { run } from '../processes.ts';

/** A sentence for each thing that `manifests` count on in vain. */
export async function lacking(manifests: string): Promise<string[]> {
  const metrics = await run(['kubectl', 'get', '--raw', '/apis/metrics.k8s.io/v1beta1']);
  const classes = await run(['kubectl', 'get', 'ingressclass', '-o', 'jsonpath={.items[*].metadata.name}']);
  const sentences = [];
  if (/^kind: HorizontalPodAutoscaler$/m.test(manifests) && metrics.code !== 0)
    sentences.push('There is no metrics-server, so every service stays at its min of pods: k8s/README.md.');
  if (/^kind: Ingress$/m.test(manifests) && classes.code === 0 && classes.output === '')
    sentences.push('There is no ingress controller, so visitors come by port-forward only: k8s/README.md.');
  return sentences;
}
