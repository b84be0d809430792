import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppError } from '../src/errors.js';
import { Rpc } from '../src/rpc.js';
import type { StrategyName } from '../src/strategies.js';
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
});

async function start(count: number, strategy?: StrategyName): Promise<void> {
  servers = await ServerProcess.startSome(count, { log });
  rpc = new Rpc({ addresses: { test: addressesOf(servers) }, strategy });
  await connectedTo(rpc, servers);
}

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

describe('a server that shuts down under load', () => {
  it('fails no call', async () => {
    await start(3);
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

  it('finishes its calls, and its address is chosen again once another server runs there', async () => {
    await start(2);
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
  it('fails no idempotent call', async () => {
    await start(3);
    const load = new Load(30, work);
    await more(load, 200);
    await servers[0]!.end('SIGKILL');
    await more(load, 500);
    await load.stop();
    expect(load.errors).toEqual([]);
  });

  it('fails only the calls in flight that are not idempotent, and none is executed twice', async () => {
    await start(2);
    const load = new Load(30, (n) => rpc.call(testRpc.write, { key: String(n), ms: 50 }));
    await more(load, 200);
    await servers[0]!.end('SIGKILL');
    await more(load, 200);
    await load.stop();
    expect(new Set(load.codes)).toEqual(new Set(['unavailable']));
    // At most those that were in flight at the killed server.
    expect(load.errors.length).toBeLessThanOrEqual(20);
    expect(new Set(executed()).size).toBe(executed().length);
    expect(executed().length).toBeGreaterThanOrEqual(load.done - load.errors.length);
  });
});

describe('a server that hangs', () => {
  it('gets no new calls, fails no idempotent one, and is chosen again when it resumes', async () => {
    await start(3);
    const load = new Load(12, work);
    await more(load, 100);
    const [hung] = servers as [ServerProcess];
    hung.signal('SIGSTOP');
    await vi.waitUntil(() => isEjected(hung), { timeout: 10_000 });
    const before = load.answersOf(hung);
    await more(load, 300);
    expect(load.answersOf(hung)).toBe(before);
    hung.signal('SIGCONT');
    await vi.waitUntil(() => load.answersOf(hung) > before + 10, { timeout: 15_000 });
    await load.stop();
    expect(load.errors).toEqual([]);
  });

  it('fails no call that is not idempotent when it resumes before the deadline', async () => {
    await start(2);
    const [hung] = servers as [ServerProcess];
    const load = new Load(8, (n) => rpc.call({ ...testRpc.write, deadlineMs: 10_000 }, { key: String(n), ms: 3 }));
    await more(load, 100);
    hung.signal('SIGSTOP');
    await vi.waitUntil(() => isEjected(hung), { timeout: 10_000 });
    await more(load, 100);
    hung.signal('SIGCONT');
    await vi.waitUntil(async () => !(await isEjected(hung)), { timeout: 10_000 });
    await load.stop();
    expect(load.errors).toEqual([]);
    expect(executed()).toHaveLength(load.done);
  });

  it('drops calls past their deadline when it resumes', async () => {
    await start(2);
    const [hung] = servers as [ServerProcess];
    const load = new Load(8, write);
    await more(load, 100);
    hung.signal('SIGSTOP');
    const stoppedAt = performance.now();
    await vi.waitUntil(() => isEjected(hung), { timeout: 10_000 });
    await load.stop();
    expect(load.errors.length).toBeGreaterThan(0);
    expect(new Set(load.codes)).toEqual(new Set(['unavailable']));
    await vi.waitUntil(() => performance.now() - stoppedAt > testRpc.write.deadlineMs + 500, { timeout: 5000 });
    const before = executed().length;
    hung.signal('SIGCONT');
    await vi.waitUntil(async () => !(await isEjected(hung)), { timeout: 15_000 });
    expect(executed()).toHaveLength(before);
  });
});

describe.each(['least-outstanding', 'round-robin'] as const)('a server that fails at once, by %s,', (strategy) => {
  const shareOf = async (server: ServerProcess, load: Load) => {
    const [before, { done }] = [await server.state(), load];
    await more(load, 1000);
    return ((await server.state()).calls - before.calls) / (load.done - done);
  };

  it('fails no idempotent call and few others, gets few calls, and gets its share again once it recovers', async () => {
    await start(3, strategy);
    const [ill] = servers as [ServerProcess];
    await ill.state({ broken: true });
    const reads = new Load(12, work);
    expect(await shareOf(ill, reads)).toBeLessThan(0.1);
    await reads.stop();
    expect(reads.errors).toEqual([]);

    const writes = new Load(12, write);
    await more(writes, 1000);
    await writes.stop();
    expect(writes.errors.length / writes.done).toBeLessThan(0.1);

    await ill.state({ broken: false });
    const later = new Load(12, work);
    await vi.waitUntil(async () => !(await isEjected(ill)), { timeout: 10_000 });
    expect(await shareOf(ill, later)).toBeGreaterThan(0.2);
    await later.stop();
  });

  it('is not ejected when all others fail too, and all share the calls once they recover', async () => {
    await start(3, strategy);
    for (const server of servers) await server.state({ broken: true });
    const load = new Load(12, work);
    await more(load, 1000);
    expect(new Set(load.errors.map((error) => (error as AppError).detail))).toEqual(new Set(['The store is out']));
    for (const server of servers) {
      const calls = (await server.state()).calls;
      await vi.waitUntil(async () => (await server.state()).calls > calls + 50);
    }
    for (const server of servers) await server.state({ broken: false });
    const failed = load.errors.length;
    await vi.waitUntil(() => servers.every((server) => load.answersOf(server) > 50), { timeout: 10_000 });
    for (const server of servers) expect(await shareOf(server, load)).toBeGreaterThan(0.2);
    await load.stop();
    expect(load.errors.length - failed).toBeLessThan(50);
  });
});

describe('a server whose calls take too long', () => {
  it('keeps its connection and its other calls, however many have timed out', async () => {
    await start(1);
    const patient = rpc.call({ ...testRpc.write, deadlineMs: 10_000 }, { key: 'patient', ms: 1500 });
    const late = Array.from({ length: 50 }, (_, n) =>
      rpc.call({ ...testRpc.write, deadlineMs: 300 }, { key: String(n), ms: 1000 }),
    );
    const ends = await Promise.allSettled(late);
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await expect(work()).resolves.toBeDefined();
    await expect(patient).resolves.toBeDefined();
  });
});

describe('a service without a server', () => {
  it('is unavailable at once, and available again when a server starts', async () => {
    await start(1);
    const [only] = servers as [ServerProcess];
    await only.end('SIGKILL');
    const startedAt = performance.now();
    await expect(work()).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
    await expect(write(1)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
    expect(performance.now() - startedAt).toBeLessThan(testRpc.write.deadlineMs);

    const successor = await ServerProcess.start({ port: Number(only.address.split(':')[1]) });
    const answered = () =>
      work().then(
        ({ pid }) => pid === successor.pid,
        () => false,
      );
    await vi.waitUntil(answered, { timeout: 10_000 });
  });

  it('is waited for by a caller that has never reached it', async () => {
    await start(1);
    const [before] = servers as [ServerProcess];
    await before.end('SIGTERM');
    const newcomer = new Rpc({ addresses: { test: before.address } });
    const first = newcomer.call({ ...testRpc.write, deadlineMs: 10_000 }, { key: 'first', ms: 3 });
    await sleep(500); // It has been refused more than once by now.
    await ServerProcess.start({ port: Number(before.address.split(':')[1]), log });
    await expect(first).resolves.toBeDefined();
    newcomer.close();
  });
});

async function isEjected({ address }: ServerProcess): Promise<boolean> {
  const { values } = await register.getSingleMetric('rpc_client_ejected')!.get();
  return values.some(({ labels, value }) => labels['address'] === address && value === 1);
}
