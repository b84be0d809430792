// What an image needs to run the services, in the folder that is named: every program of theirs with all that it imports,
// in a few large files. Node takes twice as long to start from the two thousand small ones.
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const programs = {
  accounts: ['main', 'staff-create'],
  catalog: ['main', 'reprocess'],
  orders: ['main'],
  payments: ['main', 'list-charges'],
  'image-worker': ['main', 'child'],
  gateway: ['main'],
  all: ['main'],
};
/** Machine code, files that are sent to browsers, and what TypeORM loads by name. */
const packages = ['sharp', '@node-rs/argon2', '@bull-board/ui', 'swagger-ui-dist', 'pg'];

const target = process.argv[2];
if (!target) throw new Error('node deploy/bundle.js FOLDER');

const entries = Object.entries(programs).flatMap(([app, names]) => names.map((name) => `apps/${app}/dist/${name}`));
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry, `./${entry}.js`])),
  platform: 'node',
  external: [...packages, 'msgpackr-extract', 'pg-native'],
  // What Nest imports only where somebody has installed it.
  checks: { unresolvedImport: false, eval: false },
});
await bundle.write({
  dir: target,
  format: 'esm',
  keepNames: true,
  chunkFileNames: 'chunks/[name]-[hash].js',
});
writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');

const copied = new Set();
function copy(name) {
  const from = join('node_modules', name);
  // Of those for other machines, nothing is installed.
  if (copied.has(name) || !existsSync(from)) return;
  copied.add(name);
  cpSync(from, join(target, from), { recursive: true, filter: (path) => !/\.(?:map|md|d\.[cm]?ts)$/.test(path) });
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) copy(other);
}
for (const name of packages) copy(name);

// The worker finds what it starts by name.
cpSync('apps/image-worker/package.json', join(target, 'apps/image-worker/package.json'));
mkdirSync(join(target, 'node_modules/@shop'));
symlinkSync('../../apps/image-worker', join(target, 'node_modules/@shop/image-worker'));
