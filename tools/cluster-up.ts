// npm run cluster:up [-- --values demo,small]: installs or upgrades the shop in the cluster of KUBECONFIG, and waits for it.
import { buildImages, loadImages, pushImages } from './cluster/images.ts';
import { imagesIn, install, render } from './cluster/install.ts';
import { findCluster, NAMESPACE } from './cluster/kubectl.ts';
import { lacking } from './cluster/lacking.ts';
import { main } from './interrupt.ts';
import { parseOptions, step } from './terminal.ts';

const usage =
  'npm run cluster:up [-- --values demo,small] [--set catalog.replicas.max=4] [--push REGISTRY/FOLDER] [--no-build] [--namespace shop]';

await main(async () => {
  const options = parseOptions(usage, {
    values: { type: 'string', default: 'demo' },
    set: { type: 'string', multiple: true, default: [] },
    push: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    namespace: { type: 'string', default: NAMESPACE },
  });
  const { namespace } = options;
  const context = await findCluster();
  const values = options.values.split(',');
  // What is wrong with the values is said before images are built.
  const manifests = await render(namespace, values, options.set);
  const build = !options['no-build'];
  const tag = await step(build ? 'Building the images' : 'Looking for the images', () => buildImages({ build }));
  const set = [`global.image.tag=${tag}`, ...options.set];
  if (options.push) {
    await pushImages(options.push, tag);
    set.unshift(`global.image.registry=${options.push}`);
  } else await loadImages(context, imagesIn(await render(namespace, values, set)));
  const notes = await step(`Installing the shop in ${context}`, () => install({ namespace, values, set }));
  console.log(notes.slice(Math.max(0, notes.indexOf('NOTES:'))));
  for (const line of await lacking(manifests)) console.log(`! ${line}`);
  return 0;
});
