// Renders the templates of deploy/nginx for an nginx of the system, like the entrypoint of the container image.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../processes.ts';
import { Failure } from '../terminal.ts';

export const SUFFIX = '.template';

/** Writes <dir>/nginx.conf and the files it includes. */
export async function render(source: string, dir: string, env: NodeJS.ProcessEnv): Promise<string> {
  const conf = join(dir, 'conf.d');
  rmSync(conf, { recursive: true, force: true });
  const values = await valuesFor(source, {
    EDGE_SHOP_DIR: join(conf, 'shop'),
    EDGE_CACHE_DIR: join(dir, 'cache'),
    EDGE_ASSETS_DIR: join(dir, 'assets'),
    ...env,
  });
  const templates = join(source, 'templates');
  for (const file of readdirSync(templates, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith(SUFFIX)) continue;
    const target = join(conf, file.slice(0, -SUFFIX.length));
    const text = readFileSync(join(templates, file), 'utf8');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(
      target,
      text.replace(/\$\{(EDGE_\w+)\}/g, (_, name: string) => values[name] ?? ''),
    );
  }
  writeFileSync(join(dir, 'nginx.conf'), await mainConfig(dir));
  return join(dir, 'nginx.conf');
}

async function valuesFor(source: string, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const script = `. ${JSON.stringify(join(source, '18-shop.envsh'))} && env -0`;
  const { code, output } = await run(['sh', '-c', script], { env: { PATH: process.env['PATH'], ...env } });
  if (code !== 0) throw new Failure(output.trim());
  return Object.fromEntries(
    output.split('\0').map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]),
  );
}

async function mainConfig(dir: string): Promise<string> {
  const { output } = await run(['nginx', '-V']);
  const option = (name: string) => new RegExp(`--${name}=(\\S+)`).exec(output)?.[1];
  const installed = option('conf-path') ?? join(option('prefix') ?? '/usr/local/nginx', 'conf', 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(dir, 'tmp', kind)};`,
  );
  mkdirSync(join(dir, 'tmp'), { recursive: true });
  // By default the workers of root's nginx run as another user, who cannot read root's folders.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}worker_processes auto;
pid ${join(dir, 'nginx.pid')};
error_log stderr notice;
events {
  worker_connections 4096;
}
http {
  include ${join(dirname(installed), 'mime.types')};
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
${temporary.join('\n')}
  include ${join(dir, 'conf.d', '*.conf')};
}
`;
}
