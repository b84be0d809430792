// Every flow of the load test against the whole shop behind nginx: `mixed smoke`, whose limits are ten times the usual.
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '@shop/tools/data-dir';
import { findNginx } from '@shop/tools/edge/nginx-program';
import { startEdge, type Edge } from '@shop/tools/edge/edge';
import { findK6, type K6Program } from '@shop/tools/load/k6-program';
import { runK6 } from '@shop/tools/load/run-k6';
import { freePort } from '@shop/tools/ports';
import { run as runCommand } from '@shop/tools/processes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startShop, type Shop } from '../shop.js';

const k6: K6Program | Error = await findK6().catch((error: Error) => error);
if (k6 instanceof Error) console.log(`Skipped: ${k6.message}`);

describe.skipIf(k6 instanceof Error)('the load test', () => {
  let shop: Shop;
  let dir: string;
  let edge: Edge | undefined;

  const run = (flow: string, env: Record<string, string>) =>
    runK6({ program: k6 as K6Program, flow, env, dir: join(dir, 'load'), report: true });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'shop-load-'));
    shop = await startShop({ replicas: { gateway: 2, catalog: 2 }, env: { TRUST_PROXY: '127.0.0.1' } });
    const program = await findNginx().catch((error: Error) => error);
    if (program instanceof Error) return void console.log(`Without an edge: ${program.message}`);
    const settings = { EDGE_GATEWAYS: shop.gatewayHosts, EDGE_RATE_LIMITS: 'off' };
    edge = await startEdge({ program, dir: join(dir, 'edge'), port: await freePort(), env: settings });
  });
  afterAll(async () => {
    await edge?.stop();
    await shop?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('finds no failure in the flows of visitors, customers and staff', { timeout: 120_000 }, async () => {
    const target = edge?.url ?? shop.url;
    const { code, output, summary } = await run('mixed', { TARGET: target, LOAD: 'smoke' });
    expect(code, output).toBe(0);
    expect(Object.keys(summary!.flows).sort()).toEqual(['account', 'browse', 'cart', 'order', 'search']);
    for (const flow of Object.values(summary!.flows)) expect(flow).toMatchObject({ right: 1, failed: 0 });
    expect(summary!.orderPaid!.count).toBeGreaterThan(3);
    if (edge) expect(summary!.edgeCopies).toBeGreaterThan(0);
  });

  test('uploads images as well', { timeout: 120_000 }, async () => {
    const { code, output, summary } = await run('upload', { TARGET: shop.url, LOAD: 'smoke', RATE: '2' });
    expect(code, output).toBe(0);
    expect(summary!.flows['upload'], output).toMatchObject({ right: 1, failed: 0 });
    expect(output).not.toContain('Skipped');
  });

  test('is one command that leaves a summary and a report', { timeout: 120_000 }, async () => {
    const options = ['browse', 'smoke', '--target', shop.url, '--duration', '3s'];
    const { code, output } = await runCommand([process.execPath, join(root, 'tools/load.ts'), ...options], {
      cwd: root,
    });
    expect(code, output).toBe(0);
    const dir = join(root, /^(\S+): report\.html, summary\.json$/m.exec(output)![1]!);
    expect(JSON.parse(readFileSync(join(dir, 'summary.json'), 'utf8'))).toMatchObject({ load: 'smoke', crossed: [] });
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('<html');
    rmSync(dir, { recursive: true });
  });

  test('sees no request fail while a gateway and a catalog are replaced', { timeout: 120_000 }, async ({ skip }) => {
    if (!edge) return skip('Without an edge a gateway cannot be replaced unseen.');
    // Generous limits for latency, none for errors.
    const env = { TARGET: edge.url, LOAD: 'steady', RATE: '40', DURATION: '15s', PATIENCE: '20' };
    const running = run('mixed', env);
    for (const name of ['gateway', 'catalog'] as const) {
      await sleep(3000);
      const [replica] = shop.processesOf(name);
      const { pid } = replica!;
      process.kill(pid, 'SIGTERM');
      await expect.poll(() => replica!.pid, { timeout: 30_000 }).not.toBe(pid);
    }
    const { code, output, summary } = await running;
    for (const flow of Object.values(summary!.flows)) expect(flow, output).toMatchObject({ right: 1, failed: 0 });
    expect(code, output).toBe(0);
  });

  test('fails with one line if there is no shop', async () => {
    const { code, output, summary } = await run('browse', { TARGET: `http://127.0.0.1:${await freePort()}` });
    expect(code).not.toBe(0);
    expect(output).toMatch(/The shop at http:\S+ does not answer \(.*\)\. Start it with npm start/);
    expect(summary).toBeUndefined();
  });

  test('has its own exit code for a crossed threshold', async () => {
    const env = { TARGET: shop.url, LOAD: 'steady', RATE: '5', DURATION: '3s', PATIENCE: '0.0001' };
    const { code, summary } = await run('browse', env);
    expect(code).toBe(99);
    const both = [expect.stringContaining('p(95)'), expect.stringContaining('p(99)')];
    expect(summary!.crossed.toSorted()).toEqual(both);
  });
});
