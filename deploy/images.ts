// npm run images [-- --tag v1 --push registry.example.org/shop]: builds the two images of deploy/Dockerfile.
import { join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { main } from '@shop/tools/interrupt';
import { run } from '@shop/tools/processes';
import { Failure, parseOptions, step } from '@shop/tools/terminal';

const targets = { shop: 'shop', edge: 'shop-edge' } as const;

await main(async () => {
  const usage = 'npm run images [-- --tag dev] [--push REGISTRY/FOLDER]';
  const options = parseOptions(usage, { tag: { type: 'string', default: 'dev' }, push: { type: 'string' } });
  if ((await run(['docker', 'info'])).code !== 0) throw new Failure('Docker is not running. Start it and try again.');
  for (const [target, name] of Object.entries(targets)) {
    const local = `${name}:${options.tag}`;
    await step(`Building ${local}`, () =>
      docker('build', '-f', join(root, 'deploy', 'Dockerfile'), '--target', target, '-t', local, root),
    );
    if (options.push === undefined) continue;
    const remote = `${options.push.replace(/\/$/, '')}/${local}`;
    await docker('tag', local, remote);
    await step(`Pushing ${remote}`, () => docker('push', remote));
  }
  return 0;
});

async function docker(...args: string[]): Promise<void> {
  const { code, output } = await run(['docker', ...args]);
  if (code !== 0) throw new Failure(output.trim().split('\n').slice(-25).join('\n'));
}
