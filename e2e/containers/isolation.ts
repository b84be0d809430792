// Privileges, limits and network exposure of the containers of a running shop.
import { expect, test } from 'vitest';
import { docker, type ComposeShop } from '../compose.js';

const services = ['edge', 'gateway', 'accounts', 'catalog', 'orders', 'payments', 'image-worker'];
const databases = ['accounts', 'catalog', 'orders', 'payments'];

interface Inspected {
  HostConfig: {
    CapDrop: string[];
    LogConfig: { Type: string };
    Memory: number;
    ReadonlyRootfs: boolean;
    SecurityOpt: string[];
  };
}

export function isolation(running: () => ComposeShop): void {
  const one = async (service: string) => (await running().containersOf(service))[0]!;

  test('run as an unprivileged user without capabilities on a read-only file system', async () => {
    for (const service of ['gateway', 'catalog', 'image-worker']) {
      const script = `
        import { readFileSync, writeFileSync } from 'node:fs';
        const tried = (file) => { try { writeFileSync(file, ''); return 'written'; } catch ({ code }) { return code; } };
        const [, rights] = /CapEff:\\s*(\\w+)/.exec(readFileSync('/proc/self/status', 'utf8'));
        console.log(process.getuid(), Number(rights), tried('/shop/x'), tried('/x'), tried('/tmp/x'));`;
      expect(await running().inside(await one(service), script)).toBe('1000 0 EROFS EROFS written');
    }
    const [, ...processes] = (await docker('top', await one('edge'), '-o', 'pid,uid')).split('\n');
    expect(new Set(processes.map((line) => line.trim().split(/\s+/)[1]))).toEqual(new Set(['101']));
  });

  test('drop all capabilities, and have memory limits and rotated logs', async () => {
    const inspect = async (service: string) =>
      (JSON.parse(await docker('inspect', await one(service))) as [Inspected])[0].HostConfig;
    for (const service of services)
      expect({ service, ...(await inspect(service)) }).toMatchObject({
        ...{ service, CapDrop: ['ALL'], ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges:true'] },
      });
    for (const service of [...services, 'postgres', 'redis-state', 'redis-cache']) {
      const { Memory, LogConfig } = await inspect(service);
      expect({ service, log: LogConfig.Type }).toEqual({ service, log: 'local' });
      expect(Memory, service).toBeGreaterThan(0);
    }
  });

  test('let no database user connect to the database of another service', async () => {
    const script = `
      for user in ${databases.join(' ')}; do for name in ${databases.join(' ')}; do
        psql -h postgres -U $user -d $name -c 'select 1' >/dev/null 2>/tmp/why && echo $user $name
        grep -q 'password authentication' /tmp/why && echo wrong password
      done; done; true`;
    const entered = await docker('exec', '-e', 'PGPASSWORD=shop', await one('postgres'), 'sh', '-c', script);
    expect(entered.split('\n')).toEqual(databases.map((name) => `${name} ${name}`));
  });

  test('publish no port but that of the edge', async () => {
    const ours = `label=com.docker.compose.project=${running().project}`;
    const ports = await docker('ps', '--filter', ours, '--format', '{{.Ports}}');
    const published = ports.split(/[\n,]/).flatMap((port) => (port.includes('->') ? [port.trim()] : []));
    expect(published).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+->8080\/tcp$/)]);
    for (const path of ['/metrics', '/readyz', '/livez', '/status'])
      expect((await fetch(running().url + path)).status, path).toBe(404);
  });
}
