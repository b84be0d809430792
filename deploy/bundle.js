// What an image needs to run the services, in the folder that is named: every program of theirs with all that it imports,
// in a few large files. Node takes twice as long to start from the two thousand small ones.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** What is run beside each app's `main`. */
const others = ['accounts/staff-create', 'catalog/reprocess', 'payments/list-charges', 'image-worker/child'];
/** Machine code, files that are sent to browsers, and what TypeORM loads by name. */
const packages = ['sharp', '@node-rs/argon2', '@bull-board/ui', 'swagger-ui-dist', 'pg'];

const target = process.argv[2];
if (!target) throw new Error('node deploy/bundle.js FOLDER');

const mains = readdirSync('apps').map((app) => `${app}/main`);
const entries = [...mains, ...others]
  .map((program) => `apps/${program.replace('/', '/dist/')}`)
  .filter((entry) => existsSync(`${entry}.js`));
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry, `./${entry}.js`])),
  platform: 'node',
  external: [...packages, 'msgpackr-extract', 'pg-native'],
  // What Nest imports only where somebody has installed it.
  checks: { unresolvedImport: false, eval: false },
});
const { output } = await bundle.write({
  dir: target,
  format: 'esm',
  keepNames: true,
  chunkFileNames: 'chunks/[name]-[hash].js',
});
const written = new Set(output.map(({ fileName }) => fileName));
const missing = output
  .flatMap(({ imports = [] }) => imports)
  .filter((name) => !isBuiltin(name) && !packages.includes(name) && !written.has(name));
if (missing.length > 0) throw new Error(`Cannot be found: ${missing.join(', ')}`);

const copied = new Set();
function copy(name, isOptional = false) {
  const from = join('node_modules', name);
  // Of those for other machines, nothing is installed.
  if (copied.has(name) || (isOptional && !existsSync(from))) return;
  copied.add(name);
  cpSync(from, join(target, from), { recursive: true, filter: (path) => !/\.(?:map|d\.[cm]?ts)$/.test(path) });
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  for (const other of Object.keys({ ...dependencies, ...optionalDependencies }))
    copy(other, other in optionalDependencies);
}
for (const name of packages) copy(name);

// Licences want to go along.
const sources = output.flatMap(({ moduleIds = [] }) => moduleIds);
for (const folder of new Set(sources.flatMap((file) => /.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [])))
  for (const file of readdirSync(folder).filter((name) => /^(?:licen[cs]e|notice)/i.test(name)))
    cpSync(join(folder, file), join(target, 'licenses', folder.split('/node_modules/').at(-1), file), {
      recursive: true,
    });

// These find files of their own by their package's name: the program of child processes, the demo shop's images.
mkdirSync(join(target, 'node_modules/@shop'));
for (const app of ['catalog', 'image-worker']) {
  cpSync(`apps/${app}/package.json`, join(target, `apps/${app}/package.json`));
  symlinkSync(`../../apps/${app}`, join(target, `node_modules/@shop/${app}`));
}
writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');
