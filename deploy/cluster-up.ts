// npm run cluster:up [-- --values demo,small]: installs or upgrades the shop in the cluster of KUBECONFIG, and waits for it.
// An upgrade keeps the values of the release.
import { buildImages, loadImages, pushImages } from './cluster/images.ts';
import { imagesIn, install, render } from './cluster/install.ts';
import { findCluster, NAMESPACE } from './cluster/kubectl.ts';
import { lacking } from './cluster/lacking.ts';
import { changes, findRelease, refuseDemo } from './cluster/upgrade.ts';
import { main } from '@shop/tools/interrupt';
import { parseOptions, step } from '@shop/tools/terminal';

const usage =
  'npm run cluster:up [-- --values demo,small] [--set catalog.replicas.max=4] [--reset-values] [--force-demo] [--push REGISTRY/FOLDER] [--no-build] [--namespace shop]';

await main(async () => {
  const options = parseOptions(usage, {
    values: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    'reset-values': { type: 'boolean', default: false },
    'force-demo': { type: 'boolean', default: false },
    push: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    namespace: { type: 'string', default: NAMESPACE },
  });
  const { namespace } = options;
  const context = await findCluster();
  const release = await findRelease(namespace);
  const kept = options['reset-values'] ? undefined : release?.values;
  const values = options.values?.split(',') ?? (kept === undefined ? ['demo'] : []);
  const wanted = { namespace, values, set: options.set, kept };
  // Errors in the values are reported before images are built.
  const manifests = await render(wanted);
  if (release && !options['force-demo']) refuseDemo(release.manifests, manifests);
  const build = !options['no-build'];
  const tag = await step(build ? 'Building the images' : 'Finding the images', () => buildImages({ build }));
  const registry = options.push ?? registryOf(kept);
  wanted.set = [...(registry ? [`global.image.registry=${registry}`] : []), `global.image.tag=${tag}`, ...options.set];
  const planned = await render(wanted);
  if (registry) await pushImages(registry, tag);
  else await loadImages(context, imagesIn(planned));
  if (release) for (const line of changes(release.manifests, planned)) console.log(`  ${line}`);
  const what = release ? 'Upgrading' : 'Installing';
  const notes = await step(`${what} the shop in ${context}`, () => install(wanted));
  console.log(notes.slice(Math.max(0, notes.indexOf('NOTES:'))));
  for (const line of await lacking(manifests)) console.log(`! ${line}`);
  return 0;
});

/** The registry of the release's images, which an upgrade uses too. */
function registryOf(kept = '{}'): string | undefined {
  return (JSON.parse(kept) as { global?: { image?: { registry?: string } } }).global?.image?.registry;
}
