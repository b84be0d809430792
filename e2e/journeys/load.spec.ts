// Every flow of the load test once against the whole shop behind nginx: `mixed smoke`, whose limits are ten times the usual.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '@shop/tools/data-dir';
import { findNginx } from '@shop/tools/edge/nginx-program';
import { startEdge, type Edge } from '@shop/tools/edge/edge';
import { findK6, type K6Program } from '@shop/tools/load/k6-program';
import { runK6 } from '@shop/tools/load/run-k6';
import { freePort } from '@shop/tools/ports';
import { run as runCommand } from '@shop/tools/processes';
import { placeReplicas } from '@shop/tools/replicas';
import { startSplit, type Split } from '@shop/tools/split-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshShop, type FreshShop } from '../fresh-shop.js';

const k6: K6Program | Error = await findK6().catch((error: Error) => error);
if (k6 instanceof Error) console.log(`Skipped: ${k6.message}`);

describe.skipIf(k6 instanceof Error)('the load test', () => {
  let shop: FreshShop;
  let split: Split;
  let edge: Edge | undefined;

  const run = (flow: string, env: Record<string, string>) =>
    runK6({ program: k6 as K6Program, flow, env, dir: join(shop.logDir, 'load'), report: true });

  beforeAll(async () => {
    shop = await freshShop(13);
    const env = { ...shop.env, TRUST_PROXY: '127.0.0.1' };
    const two = { gateway: 2, catalog: 2 };
    split = startSplit({ places: await placeReplicas(two, 'free'), env, logDir: shop.logDir });
    await split.ready();
    const program = await findNginx().catch((error: Error) => error);
    if (program instanceof Error) return void console.log(`Without an edge: ${program.message}`);
    const gateways = split.gateways.map((address) => new URL(address).host).join();
    const settings = { EDGE_GATEWAYS: gateways, EDGE_RATE_LIMITS: 'off' };
    edge = await startEdge({ program, dir: join(shop.logDir, 'edge'), port: await freePort(), env: settings });
  });
  afterAll(async () => {
    await edge?.stop();
    await split?.stop();
    await shop?.remove();
  });

  test('finds nothing wrong in what visitors, customers and staff do', { timeout: 120_000 }, async () => {
    const target = edge?.url ?? split.gateways[0]!;
    const { code, output, summary } = await run('mixed', { TARGET: target, LOAD: 'smoke' });
    expect(code, output).toBe(0);
    expect(Object.keys(summary!.flows).sort()).toEqual(['account', 'browse', 'cart', 'order', 'search']);
    for (const flow of Object.values(summary!.flows)) expect(flow).toMatchObject({ right: 1, failed: 0 });
    expect(summary!.orderPaid!.count).toBeGreaterThan(3);
    if (edge) expect(summary!.edgeCopies).toBeGreaterThan(0);
  });

  test('adds pictures as well', { timeout: 120_000 }, async () => {
    const { code, output, summary } = await run('upload', { TARGET: split.gateways[0]!, LOAD: 'smoke', RATE: '2' });
    expect(code, output).toBe(0);
    expect(summary!.flows['upload'], output).toMatchObject({ right: 1, failed: 0 });
    expect(output).not.toContain('Skipped');
  });

  test('is one command, which leaves a summary and a report', { timeout: 120_000 }, async () => {
    const options = ['browse', 'smoke', '--target', split.gateways[0]!, '--duration', '3s'];
    const { code, output } = await runCommand([process.execPath, join(root, 'tools/load.ts'), ...options], {
      cwd: root,
    });
    expect(code, output).toBe(0);
    const dir = join(root, /^(\S+): report\.html, summary\.json$/m.exec(output)![1]!);
    expect(JSON.parse(readFileSync(join(dir, 'summary.json'), 'utf8'))).toMatchObject({ load: 'smoke', crossed: [] });
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('<html');
    rmSync(dir, { recursive: true });
  });

  test('loses no request while a gateway and a catalog are replaced', { timeout: 120_000 }, async ({ skip }) => {
    if (!edge) return skip('Without an edge a gateway cannot be replaced unseen.');
    // Wide limits for time, none for errors.
    const env = { TARGET: edge.url, LOAD: 'steady', RATE: '40', DURATION: '15s', PATIENCE: '20' };
    const running = run('mixed', env);
    for (const name of ['gateway', 'catalog']) {
      await sleep(3000);
      const replica = split.processes.find(({ service }) => service === name)!;
      const { pid } = replica;
      process.kill(pid, 'SIGTERM');
      await expect.poll(() => replica.pid, { timeout: 30_000 }).not.toBe(pid);
    }
    const { code, output, summary } = await running;
    for (const flow of Object.values(summary!.flows)) expect(flow, output).toMatchObject({ right: 1, failed: 0 });
    expect(code, output).toBe(0);
  });

  test('ends with one line when there is no shop', async () => {
    const { code, output, summary } = await run('browse', { TARGET: `http://127.0.0.1:${await freePort()}` });
    expect(code).not.toBe(0);
    expect(output).toMatch(/The shop at http:\S+ does not answer \(.*\)\. Start it with npm start/);
    expect(summary).toBeUndefined();
  });

  test('ends with another exit code when a threshold is crossed', async () => {
    const env = { TARGET: split.gateways[0]!, LOAD: 'steady', RATE: '5', DURATION: '3s', PATIENCE: '0.0001' };
    const { code, summary } = await run('browse', env);
    expect(code).toBe(99);
    const both = [expect.stringContaining('p(95)'), expect.stringContaining('p(99)')];
    expect(summary!.crossed.toSorted()).toEqual(both);
  });
});
