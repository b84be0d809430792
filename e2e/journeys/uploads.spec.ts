// Many large simultaneous uploads take little memory: no process holds a whole file.
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { findS3 } from '@shop/kit/testing/s3';
import { describe, expect, test } from 'vitest';
import { only, startShop } from '../shop.js';

const UPLOADS = 20;
const BYTES = 20_000_000;
const MOST_MB = 60;

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: uploads to S3 are not measured, because ${s3.missing}.`);

const residentMb = (pid: number) =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** A file with the signature of a PNG, unique by index. */
function* fileOf(index: number): Generator<Buffer> {
  const chunk = Buffer.alloc(50_000, index);
  Buffer.from('89504e470d0a1a0a', 'hex').copy(chunk);
  for (let sent = 0; sent < BYTES; sent += chunk.length) yield chunk;
}

/** Returns the status. */
function upload(url: string, cookie: string, index: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { cookie, 'content-length': BYTES };
  const sending = request(url, { method: 'POST', headers }, (response) => {
    response.resume().once('end', () => resolve(response.statusCode!));
  });
  sending.once('error', reject);
  Readable.from(fileOf(index)).pipe(sending);
  return promise;
}

describe.each(['folder', 's3'] as const)('twenty simultaneous uploads of 20 MB to a %s', (kind) => {
  test.skipIf(process.platform !== 'linux' || (kind === 's3' && 'missing' in s3))(
    `take less than ${MOST_MB} MB of memory in the gateway and in the catalog`,
    async () => {
      const server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      const folder = server?.folder ?? (await mkdtemp(join(tmpdir(), 'shop-test-uploads-')));
      const env = { STORAGE_DIR: folder, ...server?.env };
      const shop = await startShop({ replicas: only('gateway', 'accounts', 'catalog'), env });
      try {
        const staff = await shop.staff();
        const { items } = (await staff.get('/api/products?limit=20')).body as { items: { id: string }[] };

        const measured = [...shop.processesOf('gateway'), ...shop.processesOf('catalog')];
        const before = measured.map(({ pid }) => residentMb(pid));
        const most = [...before];
        let isOver = false;
        const watching = (async () => {
          while (!isOver) {
            measured.forEach(({ pid }, i) => (most[i] = Math.max(most[i]!, residentMb(pid))));
            await sleep(10);
          }
        })();
        const answers = await Promise.all(
          Array.from({ length: UPLOADS }, (_, i) =>
            upload(`${shop.url}/api/products/${items[i]!.id}/images`, staff.cookie!, i),
          ),
        );
        isOver = true;
        await watching;

        expect(new Set(answers)).toEqual(new Set([202]));
        const grown = measured.map(({ service }, i) => [service, Math.round(most[i]! - before[i]!)] as const);
        for (const [service, mb] of grown) expect(mb, service).toBeLessThan(MOST_MB);
        expect((await readdir(join(folder, 'originals'))).length).toBe(UPLOADS);
        expect(await readdir(join(folder, 'uploads')).catch(() => [])).toEqual([]);
      } finally {
        await shop.stop();
        await server?.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
