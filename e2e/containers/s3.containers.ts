// Images in an S3 server: docker compose --profile s3.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addImage } from './add-image.js';
import { ComposeShop, docker } from '../compose.js';

let shop: ComposeShop;
let product: string;

beforeAll(async () => {
  shop = await ComposeShop.create('shop-test-s3', { STORAGE: 's3', COMPOSE_PROFILES: 's3' });
  await shop.compose('down', '--volumes', '--remove-orphans');
  await shop.up();
  const { items } = (await (await fetch(`${shop.url}/api/products?limit=1`)).json()) as { items: [{ id: string }] };
  product = items[0].id;
});
afterAll(async () => {
  await shop?.compose('down', '--volumes', '--remove-orphans', '--timeout', '30');
});

test('images are stored in the S3 server only', async () => {
  const path = await addImage(shop, product);
  expect((await fetch(shop.url + path)).headers.get('content-type')).toMatch(/^image\//);
  const filesIn = (volume: string) => {
    const mount = `shop-test-s3_${volume}:/v:ro`;
    return docker('run', '--rm', '-v', mount, '--entrypoint', 'find', 'postgres:18', '/v', '-type', 'f');
  };
  expect(await filesIn('s3')).toContain(path.split('/').at(-1));
  expect(await filesIn('media')).toBe('');
});

test('chunked uploads without a content length are accepted or refused without crashing the gateway', async () => {
  const { cookie = '' } = await shop.staff();
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const upload = async () => {
    const body = new Blob([signature, randomBytes(19_000_000)]).stream();
    const init = { method: 'POST', headers: { cookie }, body, duplex: 'half' as const };
    return (await fetch(`${shop.url}/api/products/${product}/images`, init)).status;
  };
  const statuses = await Promise.all(Array.from({ length: 12 }, upload));
  expect([202, 503]).toEqual(expect.arrayContaining([...new Set(statuses)]));
  const [gateway] = await shop.containersOf('gateway');
  expect(await docker('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', gateway!)).toBe('running 0');
});
