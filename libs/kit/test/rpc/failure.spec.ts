import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rpc } from '../../src/rpc/rpc.js';
import { testRpc } from './contract.js';
import { addressesOf, connectedTo, Load, ServerProcess } from './processes.js';

let dir: string;
let log: string;
let servers: ServerProcess[];
let rpc: Rpc;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rpc-'));
  log = join(dir, 'executed');
  writeFileSync(log, '');
  servers = await ServerProcess.startSome(3, { log });
  rpc = new Rpc({ addresses: { test: addressesOf(servers) } });
  await connectedTo(rpc, servers);
});

afterEach(async () => {
  rpc.close();
  await ServerProcess.stopAll();
  rmSync(dir, { recursive: true });
});

const executed = () => readFileSync(log, 'utf8').trimEnd().split('\n');
const work = () => rpc.call(testRpc.work, { ms: 3 });
const write = (n: number) => rpc.call(testRpc.write, { key: String(n), ms: 3 });
const more = (load: Load, calls: number) => {
  const { done } = load;
  return vi.waitUntil(() => load.done - done >= calls, { timeout: 15_000 });
};

describe('a server that is told to end under load', () => {
  it('costs no call of any kind', async () => {
    const reads = new Load(10, work);
    const writes = new Load(10, write);
    await more(writes, 200);
    await servers[0]!.end('SIGTERM');
    await more(writes, 200);
    await servers[1]!.end('SIGTERM');
    await more(writes, 200);
    await Promise.all([reads.stop(), writes.stop()]);
    expect(reads.errors).toEqual([]);
    expect(writes.errors).toEqual([]);
    expect(new Set(executed()).size).toBe(writes.done);
    expect(executed()).toHaveLength(writes.done);
  });

  it('finishes what it has begun, and is chosen again once another runs at its address', async () => {
    const [old] = servers as [ServerProcess];
    const long = Promise.all([1, 2, 3].map(() => rpc.call(testRpc.work, { ms: 500 })));
    const ended = old.end('SIGTERM');
    expect((await long).map(({ pid }) => pid)).toContain(old.pid);
    await ended;
    const successor = await ServerProcess.start({ port: Number(old.address.split(':')[1]) });
    const load = new Load(4, work);
    await vi.waitUntil(() => load.answersOf(successor) > 0, { timeout: 10_000 });
    await load.stop();
    expect(load.errors).toEqual([]);
  });
});

describe('a server that is killed under load', () => {
  it('costs no idempotent call', async () => {
    const load = new Load(30, work);
    await more(load, 200);
    await servers[0]!.end('SIGKILL');
    await more(load, 500);
    await load.stop();
    expect(load.errors).toEqual([]);
  });

  it('costs the calls it was working on when they are not idempotent, and none of them is ever done twice', async () => {
    const load = new Load(30, (n) => rpc.call(testRpc.write, { key: String(n), ms: 50 }));
    await more(load, 200);
    await servers[0]!.end('SIGKILL');
    await more(load, 200);
    await load.stop();
    expect(new Set(load.codes)).toEqual(new Set(['unavailable']));
    // At most those that were with the dead one.
    expect(load.errors.length).toBeLessThanOrEqual(15);
    expect(new Set(executed()).size).toBe(executed().length);
    expect(executed().length).toBeGreaterThanOrEqual(load.done - load.errors.length);
  });
});

describe('a server that hangs', () => {
  it('gets no more calls, costs no idempotent one, and is taken back when it lives again', async () => {
    const load = new Load(12, work);
    await more(load, 100);
    const [hung] = servers as [ServerProcess];
    hung.signal('SIGSTOP');
    await vi.waitUntil(async () => (await metric('rpc_client_ejected', hung.address)) === 1, { timeout: 10_000 });
    const before = load.answersOf(hung);
    await more(load, 300);
    expect(load.answersOf(hung)).toBe(before);
    hung.signal('SIGCONT');
    await vi.waitUntil(() => load.answersOf(hung) > before + 10, { timeout: 15_000 });
    await load.stop();
    expect(load.errors).toEqual([]);
  });

  it('does not do, when it lives again, what its callers were told is lost', async () => {
    const [hung] = servers as [ServerProcess];
    const load = new Load(9, write);
    await more(load, 100);
    hung.signal('SIGSTOP');
    await vi.waitUntil(() => load.errors.length > 0, { timeout: 10_000 });
    await load.stop();
    const lost = load.errors.length;
    expect(new Set(load.codes)).toEqual(new Set(['unavailable']));
    const before = executed().length;
    await vi.waitUntil(async () => (await metric('rpc_client_ejected', hung.address)) === 1);
    hung.signal('SIGCONT');
    await vi.waitUntil(async () => (await metric('rpc_client_ejected', hung.address)) === 0, { timeout: 15_000 });
    expect(executed().length - before).toBeLessThanOrEqual(lost);
    expect(new Set(executed()).size).toBe(executed().length);
  });
});

it('answers at once that a service is unavailable when none of its servers can be reached', async () => {
  await Promise.all(servers.map((server) => server.end('SIGKILL')));
  await expect(work()).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
  const startedAt = performance.now();
  await expect(write(1)).rejects.toMatchObject({ code: 'unavailable' });
  expect(performance.now() - startedAt).toBeLessThan(testRpc.write.deadlineMs);
});

it('comes back by itself when a service that had no server left has one again', async () => {
  await Promise.all(servers.map((server) => server.end('SIGKILL')));
  await expect(work()).rejects.toMatchObject({ code: 'unavailable' });
  const successor = await ServerProcess.start({ port: Number(servers[0]!.address.split(':')[1]) });
  const answered = () =>
    work().then(
      ({ pid }) => pid === successor.pid,
      () => false,
    );
  await vi.waitUntil(answered, { timeout: 10_000 });
});

async function metric(name: string, address: string): Promise<number | undefined> {
  const { register } = await import('prom-client');
  const { values } = await register.getSingleMetric(name)!.get();
  return values.find(({ labels }) => labels['address'] === address)?.value;
}
