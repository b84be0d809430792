// npm run cluster:down [-- --data]: takes the shop out of the cluster of KUBECONFIG; its volumes and secrets stay without --data.
import { uninstall } from './cluster/install.ts';
import { findCluster, NAMESPACE } from './cluster/kubectl.ts';
import { main } from './interrupt.ts';
import { parseOptions, step } from './terminal.ts';

await main(async () => {
  const { namespace, data } = parseOptions('npm run cluster:down [-- --data] [--namespace shop]', {
    namespace: { type: 'string', default: NAMESPACE },
    data: { type: 'boolean', default: false },
  });
  const context = await findCluster();
  const what = data ? 'the shop and all its data' : 'the shop';
  await step(`Taking ${what} out of ${context}`, () => uninstall(namespace, { data }));
  return 0;
});
