// Transfers the shop's container images to a cluster: through a registry, or by loading them into its nodes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { run } from '@shop/tools/processes';
import { Failure, step } from '@shop/tools/terminal';
import { get, must } from './kubectl.ts';

const OWN = ['shop', 'shop-edge'];

/** Builds both images and tags them by their content. */
export async function buildImages({ build = true }: { build?: boolean } = {}): Promise<string> {
  if (build) await must([process.execPath, join(root, 'deploy', 'images.ts'), '--tag', 'dev']);
  const ids = await Promise.all(
    OWN.map((name) => must(['docker', 'image', 'inspect', '-f', '{{.Id}}', `${name}:dev`])),
  );
  const tag = ids.map((id) => id.replace('sha256:', '').slice(0, 8)).join('-');
  for (const name of OWN) await must(['docker', 'tag', `${name}:dev`, `${name}:${tag}`]);
  return tag;
}

export async function pushImages(registry: string, tag: string): Promise<void> {
  for (const name of OWN) {
    const remote = `${registry.replace(/\/$/, '')}/${name}:${tag}`;
    await must(['docker', 'tag', `${name}:${tag}`, remote]);
    await step(`Pushing ${remote}`, () => must(['docker', 'push', remote]));
  }
}

/** Loads the images that Docker has here and some node lacks. Nodes pull the others themselves. */
export async function loadImages(context: string, images: string[]): Promise<void> {
  const present = await onEveryNode();
  const missing: string[] = [];
  for (const image of images)
    if (!present.has(image) && (await run(['docker', 'image', 'inspect', image])).code === 0) missing.push(image);
  if (missing.length === 0) return;
  const load = loaderOf(context);
  if (!load) return;
  const folder = await mkdtemp(join(tmpdir(), 'shop-images-'));
  try {
    const archive = join(folder, 'images.tar');
    await step(`Loading ${missing.join(', ')}`, async () => {
      await must(['docker', 'save', '-o', archive, ...missing]);
      await must([...load, archive]);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The command that loads an archive of `docker save` into every node; undefined where nodes share Docker's images. */
function loaderOf(context: string): string[] | undefined {
  const [, kind] = /^kind-(.+)$/.exec(context) ?? [];
  const [, k3d] = /^k3d-(.+)$/.exec(context) ?? [];
  const given = process.env['CLUSTER_LOAD'];
  if (given) return given.split(' ');
  if (kind) return ['kind', 'load', 'image-archive', '--name', kind];
  if (k3d) return ['k3d', 'image', 'import', '--cluster', k3d];
  if (context === 'minikube') return ['minikube', 'image', 'load'];
  if (['docker-desktop', 'orbstack'].includes(context)) return undefined;
  throw new Failure(
    `Cannot load images into ${context}. Use --push REGISTRY/FOLDER, or set CLUSTER_LOAD to a command that loads an archive of docker save.`,
  );
}

/** Images that all nodes have, without the default registry in their names. */
async function onEveryNode(): Promise<Set<string>> {
  const { items } = await get('nodes');
  const [first = new Set<string>(), ...others] = (items as { status: { images?: { names?: string[] }[] } }[]).map(
    ({ status }) =>
      new Set(
        (status.images ?? []).flatMap(({ names = [] }) =>
          names.map((name) => name.replace(/^docker\.io\/(library\/)?/, '')),
        ),
      ),
  );
  return new Set([...first].filter((name) => others.every((each) => each.has(name))));
}
