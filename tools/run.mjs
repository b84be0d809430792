// Runs a command: `node tools/run.mjs start` runs tools/start.ts; other folders have commands too.
// It requires Node 20 and npm only, so it has no dependencies: it installs the packages of package-lock.json when node_modules
// differs from it, then runs the command with the Node 24 among them, which runs TypeScript directly.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const [command, ...args] = process.argv.slice(2);
const commands = [
  'start',
  'split',
  'dev',
  'test',
  'staff-create',
  'images-reprocess',
  'reconcile',
  'chaos',
  'bench',
  'edge',
  'images',
  'test-containers',
  'load',
  'capacity',
  'cluster-up',
  'cluster-test',
  'cluster-down',
  'chart-docs',
  'screenshots',
];

let interrupted = false;
let child;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    interrupted = true;
    child?.kill(signal); // this process ends with its child
  });

process.exitCode = await main().catch((error) => {
  console.error(error.message);
  return 1;
});

async function main() {
  if (Number(process.versions.node.split('.')[0]) < 20)
    throw new Error(`This needs Node 20 or newer, but runs on ${process.versions.node} (${process.execPath}).`);
  if (command !== 'install' && !commands.includes(command))
    throw new Error(`Unknown command "${command ?? ''}". Commands: install, ${commands.join(', ')}.`);
  if (!isInstalled()) await install();
  if (command === 'install' || interrupted) return interrupted ? 130 : 0;
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const script = ['tools', 'bench', 'deploy', 'e2e', 'e2e/browser']
    .map((folder) => join(root, folder, `${command}.ts`))
    .find(existsSync);
  return ended(spawn(join(bin, 'node'), [script, ...args], { cwd: root, env, stdio: 'inherit' }));
}

/** Whether node_modules matches package-lock.json. npm writes its own list last, so an interrupted install has none. */
function isInstalled() {
  try {
    const packagesOf = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
    const wanted = packagesOf('package-lock.json');
    const present = packagesOf('node_modules/.package-lock.json');
    // Without `resolved`, which npm omits from either list, depending on its configuration.
    const same = (path) =>
      wanted[path].version === present[path].version && wanted[path].integrity === present[path].integrity;
    const missing = (path) => (present[path] ? !same(path) : !wanted[path].optional); // optional packages are for other platforms
    return (
      existsSync(join(bin, 'node')) &&
      !Object.keys(wanted).some((path) => path.includes('node_modules/') && missing(path))
    );
  } catch {
    return false;
  }
}

async function install() {
  // Without our own .bin, because npm ci deletes the node in it.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  // --include=dev, because NODE_ENV=production would omit the build tools.
  const options = [
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  child = spawn('npm', ['ci', ...options], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const done = ticking('Installing dependencies with npm ci');
  const code = await ended(child);
  done(code === 0);
  if (code !== 0 && !interrupted) throw new Error(`${errorsOf(output)}\n\n${reasonOf(output)}`);
  if (code === 0 && !existsSync(join(bin, 'node')))
    throw new Error(
      'npm did not run the install script of the package "node" (ignore-scripts?). Allow it: npm config set ignore-scripts false',
    );
}

function errorsOf(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('npm warn'));
  return lines.slice(-20).join('\n');
}

function reasonOf(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/.test(output))
    return 'npm cannot reach its registry. Check the network, the proxy and `npm config get registry`, then try again.';
  if (/ENOSPC/.test(output)) return 'The disk is full. Free some space and try again.';
  if (/EACCES|EPERM/.test(output)) return `npm may not write to ${root + sep}node_modules. Check its owner.`;
  return 'npm ci failed; its output is above.';
}

/** Shows the progress of a step; on a terminal the seconds count up. */
function ticking(name) {
  const startedAt = Date.now();
  const live = process.stdout.isTTY;
  const show = (mark, end) =>
    process.stdout.write(
      `${live ? '\r\x1b[2K' : ''}${mark} ${name} ${((Date.now() - startedAt) / 1000).toFixed(0)} s${end}`,
    );
  if (!live) process.stdout.write(`  ${name} …\n`);
  const timer = live ? setInterval(() => show(' ', ' …'), 200) : undefined;
  return (ok) => {
    clearInterval(timer);
    show(ok ? '✓' : '✗', '\n');
  };
}

function ended(process) {
  child = process;
  return new Promise((resolve, reject) => {
    process.once('error', (error) =>
      reject(
        error.code === 'ENOENT'
          ? new Error(`${process.spawnfile} was not found. Install Node with npm and try again.`)
          : error,
      ),
    );
    process.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
