// nginx in front of gateways, for tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { freePort } from '../ports.ts';
import { startEdge, type Edge } from './edge.ts';
import { findNginx, type NginxProgram } from './nginx-program.ts';

const nginx: NginxProgram | Error = await findNginx().catch((error: Error) => error);
if (nginx instanceof Error) console.log(`Skipped: ${nginx.message}`);

/** Tests that need a real nginx; where there is none they are counted as skipped, and why is printed. */
export function describeWithNginx(name: string, tests: () => void): void {
  describe.skipIf(nginx instanceof Error)(name, tests);
}

const dir = mkdtempSync(join(tmpdir(), 'shop-edge-'));
const edges: Edge[] = [];
afterAll(async () => {
  await Promise.all(edges.map((edge) => edge.stop()));
  rmSync(dir, { recursive: true, force: true });
});

/** nginx on a port of its own until the tests of this file are over. */
export async function edgeFor(gateways: readonly { address: string }[] | string, env: Record<string, string> = {}) {
  if (nginx instanceof Error) throw nginx;
  const port = await freePort();
  const addresses = typeof gateways === 'string' ? gateways : gateways.map(({ address }) => address).join(',');
  const edge = await startEdge({
    program: nginx,
    dir: join(dir, String(port)),
    port,
    env: { EDGE_RATE_LIMITS: 'off', ...env, EDGE_GATEWAYS: addresses },
  });
  edges.push(edge);
  return edge;
}
