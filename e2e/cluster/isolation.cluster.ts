import { must } from '@shop/deploy/cluster/kubectl';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ClusterShop, services } from '../cluster.js';

const shop = new ClusterShop(inject('shop'));
const { namespace, tag } = shop;

/** An idle pod with these labels. */
function idler(name: string, labels: Record<string, string>): object {
  const rights = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const args = ['-e', 'setTimeout(() => {}, 3600_000)'];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name, image: `shop:${tag}`, args, securityContext: rights }],
    },
  };
}

/** The targets (`host:port`) that a pod can connect to. */
async function reachable(pod: string, targets: string[]): Promise<string[]> {
  const script = `
    import { connect } from 'node:net';
    const tried = ${JSON.stringify(targets)}.map((target) => new Promise((resolve) => {
      const [host, port] = target.split(':');
      const socket = connect({ host, port, timeout: 3000 });
      const end = (ok) => (socket.destroy(), resolve(ok ? target : undefined));
      socket.on('connect', () => end(true)).on('timeout', () => end(false)).on('error', () => end(false));
    }));
    console.log(JSON.stringify((await Promise.all(tried)).filter(Boolean)));
    process.exit();`;
  return JSON.parse(await shop.inside(pod, script)) as string[];
}

describe('the network', () => {
  const stores = ['postgres:5432', 'redis-state:6379', 'redis-cache:6379', 's3:7070'];
  const doors = ['gateway:3000', 'accounts:4001', 'catalog:4002', 'orders:4003', 'payments:4004', 'catalog:9100'];
  const pods = [idler('stranger', {}), idler('friend', { 'uses-postgres': 'yes', 'uses-catalog': 'yes' })];
  const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods });

  beforeAll(async () => {
    await must(['kubectl', 'apply', '-f', '-'], manifest);
    await shop.kubectl('wait', '--for=condition=Ready', 'pod/stranger', 'pod/friend', '--timeout=50s');
  });
  afterAll(async () => {
    await must(['kubectl', 'delete', '--now', '-f', '-'], manifest);
  });

  test('lets an unlabelled pod connect to the public HTTP port only', async () => {
    expect(await reachable('stranger', [...stores, ...doors, 'edge:80'])).toEqual(['edge:80']);
  });

  test('lets a pod connect only to the services that its labels name', async () => {
    expect(await reachable('friend', [...stores, ...doors])).toEqual(['postgres:5432', 'catalog:4002']);
  });

  test('lets a service connect only to the services that it calls', async () => {
    const [accounts] = await shop.pods('accounts');
    const others = doors.filter((door) => !door.startsWith('accounts'));
    expect(await reachable(accounts!, [...stores, ...others, 'edge:80'])).toEqual(['postgres:5432']);
  });
});

describe('a service', () => {
  test.each(['accounts', 'catalog', 'orders', 'payments'])(
    '%s can connect to no database but its own',
    async (service) => {
      const [pod] = await shop.pods(service);
      const script = `
      import pg from 'pg';
      const own = process.env.${service.toUpperCase()}_DATABASE_URL;
      const answers = {};
      for (const name of ['accounts', 'catalog', 'orders', 'payments', 'postgres']) {
        const url = new URL(own);
        url.pathname = '/' + name;
        const client = new pg.Client({ connectionString: String(url) });
        answers[name] = await client.connect().then(() => 'entered', ({ code }) => code);
        await client.end().catch(() => {});
      }
      console.log(JSON.stringify(answers));`;
      const INSUFFICIENT_PRIVILEGE = '42501';
      const refused = {
        accounts: INSUFFICIENT_PRIVILEGE,
        catalog: INSUFFICIENT_PRIVILEGE,
        orders: INSUFFICIENT_PRIVILEGE,
      };
      const expected = { ...refused, payments: INSUFFICIENT_PRIVILEGE, [service]: 'entered' };
      expect(JSON.parse(await shop.inside(pod!, script))).toMatchObject(expected);
    },
  );

  test('has no token for the API server, and a read-only root file system', async () => {
    for (const service of services.filter((name) => name !== 'edge')) {
      const [pod] = await shop.pods(service);
      const script = `
        import { existsSync, writeFileSync } from 'node:fs';
        const tried = (file) => { try { writeFileSync(file, ''); return 'written'; } catch ({ code }) { return code; } };
        console.log(process.getuid(), existsSync('/var/run/secrets/kubernetes.io'), tried('/shop/x'), tried('/tmp/x'));`;
      expect(await shop.inside(pod!, script)).toBe('1000 false EROFS written');
    }
  });
});
