// The services, their ports, stores, calls and jobs: from the service table, the packages' descriptions and the sources.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { services, type ServiceName, type ServiceRow } from '@shop/contracts/services';
import { root } from '../data-dir.ts';

/** What a service imports from kit for a store, and the store's name on the map. */
const stores = {
  RedisStateModule: 'state',
  QueueModule: 'state',
  RedisCacheModule: 'cache',
  StorageModule: 'storage',
};
const titles: Record<string, string> = {
  state: 'Redis state',
  cache: 'Redis cache',
  storage: 'image storage',
};

/** Procedures or jobs of one service that another uses, by name. */
interface Edge {
  from: ServiceName;
  to: ServiceName;
  kind: 'RPC' | 'job';
  names: string[];
}

const names = Object.keys(services) as ServiceName[];

function sourcesOf(service: ServiceName): string {
  const files = globSync('src/**/*.ts', { cwd: join(root, 'apps', service) })
    .sort()
    .filter((file) => !file.endsWith('.spec.ts'));
  return files.map((file) => readFileSync(join(root, 'apps', service, file), 'utf8')).join('\n');
}

/** `xRpc.procedure` or `xJobs.job` in a service's source, but for what it handles itself and for types. */
function edges(): Edge[] {
  const found = new Map<string, Edge>();
  for (const from of names) {
    const uses = sourcesOf(from)
      .replaceAll(/@Handles(Job)?\([^)]*\)|typeof [\w.]+/g, '')
      .replaceAll(/\{ (\w+) \} = (\w+(?:Rpc|Jobs));/g, '$2.$1')
      .matchAll(/\b([a-z]+(?:[A-Z][a-z]+)?)(Rpc|Jobs)\.(\w+)/g);
    for (const [, camel, suffix, name] of uses) {
      const to = camel!.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as ServiceName;
      const kind = suffix === 'Rpc' ? 'RPC' : 'job';
      if (to === from || !names.includes(to)) continue;
      const edge = found.get(`${from} ${to} ${kind}`) ?? { from, to, kind, names: [] };
      if (!edge.names.includes(name!)) edge.names.push(name!);
      found.set(`${from} ${to} ${kind}`, edge);
    }
  }
  return [...found.values()];
}

function storesOf(service: ServiceName): string[] {
  const source = sourcesOf(service);
  const used = Object.entries(stores).filter(([module]) => source.includes(module));
  return [...new Set(used.map(([, store]) => store))];
}

const hasDatabase = (service: ServiceName) => sourcesOf(service).includes('databaseModule(');

function description(service: string): string {
  const { description = '' } = JSON.parse(readFileSync(join(root, 'apps', service, 'package.json'), 'utf8')) as {
    description?: string;
  };
  if (!description) throw new Error(`apps/${service}/package.json has no description`);
  return description;
}

/** Mermaid's arrows; those with the same beginning and label are one line. */
function arrows(): string[] {
  const lines = new Map<string, ServiceName[]>();
  for (const { from, to, kind, names } of edges()) {
    const label = kind === 'job' ? `job: ${names.join(', ')}` : names.length > 3 ? 'RPC' : `RPC: ${names.join(', ')}`;
    const line = `  ${from} ${kind === 'job' ? '-.->' : '-->'}|"${label}"|`;
    lines.set(line, [...(lines.get(line) ?? []), to]);
  }
  return [...lines].map(([line, targets]) => `${line} ${names.filter((name) => targets.includes(name)).join(' & ')}`);
}

/** A Markdown table of the services and a Mermaid diagram of what they call and store. */
export function serviceMap(): string {
  const rows = names.map((name) => {
    const { rpcPort, opsPort }: ServiceRow = services[name];
    const port = rpcPort ?? (name === 'gateway' ? 3000 : '–');
    return `| [${name}](apps/${name}) | ${port} | ${opsPort} | ${description(name)} |`;
  });
  const all = `| [all](apps/all) | 3000 | 9100 | ${description('all')} |`;
  return [
    '| service | port | ops | what it does |',
    '| --- | --- | --- | --- |',
    ...rows,
    all,
    '',
    '```mermaid',
    'flowchart LR',
    '  browser([browser]) -->|HTTP| gateway',
    ...arrows(),
    ...names.filter(hasDatabase).map((name) => `  ${name} --- ${name}-db[(${name})]`),
    ...Object.entries(titles).map(
      ([store, title]) =>
        `  ${names.filter((name) => storesOf(name).includes(store)).join(' & ')} --- ${store}[(${title})]`,
    ),
    '```',
  ].join('\n');
}
