// npm run edge -- --gateways 127.0.0.1:3000,127.0.0.1:3001: nginx in front of a shop on this machine.
import { join, resolve } from 'node:path';
import { dataDir, root } from './data-dir.ts';
import { startEdge } from './edge/edge.ts';
import { findNginx } from './edge/nginx-program.ts';
import { main, whenAborted } from './interrupt.ts';
import { isFree } from './ports.ts';
import { portOf } from './shop.ts';
import { Failure, parseOptions, step } from './terminal.ts';

const usage =
  'npm run edge -- [--port 8080] [--gateways 127.0.0.1:3000,127.0.0.1:3001] ' +
  '[--balance round_robin|random|least_conn|ip_hash|sticky_cookie] [--cache on|off] [--rate-limits on|off] ' +
  '[--certificate FILE --key FILE --tls-port 8443]';

await main(async (interrupt) => {
  const options = parseOptions(usage, {
    port: { type: 'string', default: process.env['EDGE_PORT'] || '8080' },
    gateways: { type: 'string' },
    balance: { type: 'string' },
    cache: { type: 'string' },
    'rate-limits': { type: 'string' },
    certificate: { type: 'string' },
    key: { type: 'string' },
    'tls-port': { type: 'string', default: '8443' },
  });
  const port = Number(options.port);
  if (!(await isFree(port))) throw new Failure(`Port ${port} is already in use. Choose another with --port.`);
  const program = await findNginx();
  const { certificate, key } = options;
  if ((certificate === undefined) !== (key === undefined))
    throw new Failure('--certificate and --key must be given together.');
  const tls = certificate &&
    key && {
      EDGE_TLS: 'on',
      EDGE_TLS_PORT: options['tls-port'],
      EDGE_TLS_PUBLIC_PORT: options['tls-port'],
      EDGE_TLS_CERTIFICATE: resolve(certificate),
      EDGE_TLS_KEY: resolve(key),
    };
  const env = {
    EDGE_ASSETS_DIR: join(root, 'apps', 'storefront', 'dist'),
    EDGE_GATEWAYS: `127.0.0.1:${portOf('PORT', 3000)}`,
    ...given(Object.entries(process.env).filter(([name]) => /^EDGE_\w+$/.test(name))),
    ...given([
      ['EDGE_GATEWAYS', options.gateways],
      ['EDGE_BALANCE', options.balance],
      ['EDGE_CACHE', options.cache],
      ['EDGE_RATE_LIMITS', options['rate-limits']],
    ]),
    ...tls,
  };
  const edge = await step(`Starting nginx (${'image' in program ? program.image : 'from the system'})`, () =>
    startEdge({ program, dir: join(dataDir, 'edge'), port, env }),
  );
  console.log(`\n  The shop    http://localhost:${port}${tls ? `, https://localhost:${options['tls-port']}` : ''}`);
  console.log(`  Gateways    ${env.EDGE_GATEWAYS}\n  Log         ${edge.logFile}\n  Stop        Ctrl-C\n`);
  const end = await Promise.race([whenAborted(interrupt.asked), edge.crashed]);
  await edge.stop();
  if (end !== undefined) throw new Failure(`nginx ended by itself: ${end}. Its log: ${edge.logFile}`);
  return 0;
});

function given(settings: [string, string | undefined][]): Record<string, string> {
  return Object.fromEntries(settings.filter((entry): entry is [string, string] => Boolean(entry[1])));
}
