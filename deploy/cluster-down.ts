// npm run cluster:down [-- --data]: uninstalls the shop from the cluster of KUBECONFIG; --data deletes volumes and secrets too.
import { uninstall } from './cluster/install.ts';
import { findCluster, NAMESPACE } from './cluster/kubectl.ts';
import { main } from '@shop/tools/interrupt';
import { parseOptions, step } from '@shop/tools/terminal';

await main(async () => {
  const { namespace, data } = parseOptions('npm run cluster:down [-- --data] [--namespace shop]', {
    namespace: { type: 'string', default: NAMESPACE },
    data: { type: 'boolean', default: false },
  });
  const context = await findCluster();
  const what = data ? 'the shop and all its data' : 'the shop';
  await step(`Removing ${what} from ${context}`, () => uninstall(namespace, { data }));
  return 0;
});
