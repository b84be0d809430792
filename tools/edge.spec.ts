import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from './data-dir.ts';
import { describeWithNginx } from './edge/testing.ts';
import { freePort } from './ports.ts';
import { run } from './processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'shop-edge-command-'));
afterAll(() => rmSync(dir, { recursive: true }));

const edge = async (args: string[], env: NodeJS.ProcessEnv) =>
  run([process.execPath, join(root, 'tools/edge.ts'), '--port', String(await freePort()), ...args], {
    env: { ...process.env, DATA_DIR: dir, ...env },
  });

test('says in one line what to install when neither Docker nor nginx is available', async () => {
  const { code, output } = await edge([], { PATH: dir });
  expect(code).toBe(1);
  expect(output.trim()).toMatch(/^The edge needs nginx 1\.29\.6 or newer, and none was found\. Start Docker, .*\.$/);
});

test('names the version of an nginx that is too old', async () => {
  const nginx = join(dir, 'nginx');
  writeFileSync(nginx, '#!/bin/sh\necho "nginx version: nginx/1.29.5" >&2\n');
  chmodSync(nginx, 0o755);
  const { code, output } = await edge([], { PATH: dir });
  expect([code, output.trim()]).toEqual([1, expect.stringContaining('nginx 1.29.5 is too old')]);
});

describeWithNginx('the options of the edge', () => {
  test.each([
    [[], { EDGE_BALANCE: 'fair' }, 'EDGE_BALANCE=fair is not allowed. Use one of: round_robin'],
    [['--balance', 'fairer'], { EDGE_BALANCE: 'random' }, 'EDGE_BALANCE=fairer is not allowed'],
    [[], { EDGE_CACHE: 'maybe' }, 'EDGE_CACHE=maybe is not allowed. Use one of: on off'],
    [[], { EDGE_RATE_LIMITS: 'few' }, 'EDGE_RATE_LIMITS=few is not allowed. Use one of: on off'],
    [[], { EDGE_GATEWAYS: 'gateway:99999' }, 'invalid port in upstream "gateway:99999"'],
  ])('come from the command line first, then from the environment: %j %j', async (args, env, words) => {
    const { code, output } = await edge(args, env);
    expect([code, output]).toEqual([1, expect.stringContaining(words)]);
  });
});
