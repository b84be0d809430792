// A gateway with a storage folder of its own, and uploads to it.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import type { Image, Upload } from '@shop/contracts/images';
import type { InputOf } from '@shop/contracts/rpc';
import { AppError } from '@shop/rpc/errors';
import { DESK, openShop, Client, type Answer, type Shop } from './shop.js';

export const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)]);
export const IMAGE = '01900000-0000-7000-8000-0000000000b1';

export interface ImageShop {
  shop: Shop;
  folder: string;
  staff: Client;
  /** Inputs of the catalog's addImage. */
  taken: InputOf<typeof catalogRpc.addImage>[];
  /** Keys of all files. */
  files(): Promise<string[]>;
  read(key: string): Promise<Buffer>;
  upload<T = Image>(body: Buffer | ReadableStream, headers?: Record<string, string>, path?: string): Promise<Answer<T>>;
  stop(): Promise<void>;
}

export async function openImageShop(env: Record<string, string> = {}): Promise<ImageShop> {
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-gateway-'));
  const shop = await openShop({ STORAGE_DIR: folder, ...env });
  const taken: ImageShop['taken'] = [];
  shop.catalog.findProduct = ({ product }) => {
    if (product !== DESK && product !== 'walnut-desk') throw new AppError('not_found', 'There is no such product');
    return { id: DESK };
  };
  shop.catalog.addImage = (input) => {
    taken.push(input);
    return imageOf(input.product);
  };
  const staff = await new Client(shop).logIn('sam@example.org');
  return {
    shop,
    folder,
    staff,
    taken,
    files: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
    },
    read: (key) => readFile(join(folder, key)),
    upload: async (body, headers = {}, path = '/api/products/walnut-desk/images') => {
      const response = await fetch(shop.url + path, {
        method: 'POST',
        headers: { cookie: staff.cookie!, ...headers },
        body: body as ReadableStream,
        duplex: 'half',
      } as RequestInit);
      return { status: response.status, headers: response.headers, body: (await response.json()) as never };
    },
    stop: async () => {
      await shop.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function imageOf(productId: string): Image {
  const steps = (['decode', 'resize', 'analyse', 'tag'] as const).map((name) => ({ name, doneAt: null }));
  return {
    ...{ id: IMAGE, productId, status: 'waiting' as const, steps },
    ...{ variants: [], colors: [], tags: [], placeholder: null },
  };
}

export function expectedUpload(bytes: Buffer): Omit<Upload, 'key'> {
  return { hash: createHash('sha256').update(bytes).digest('hex'), type: 'image/png', bytes: bytes.length };
}

/** Begins an upload with a Content-Length of `length` and sends `some`; the returned function breaks the connection. */
export async function beginUpload(imageShop: ImageShop, length: number, some: Buffer): Promise<() => void> {
  const socket = open(imageShop, length);
  await new Promise<void>((resolve) => socket.write(some, () => resolve()));
  return () => socket.destroy();
}

/** Sends an upload byte by byte, one every `everyMs`, until the connection closes. */
export function trickle(imageShop: ImageShop, length: number, everyMs: number) {
  const socket = open(imageShop, length);
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  socket.write(PNG);
  const sending = setInterval(() => socket.write('x'), everyMs);
  const closed = new Promise((resolve) => socket.once('close', resolve)).finally(() => clearInterval(sending));
  return { closed, answer: () => Buffer.concat(received).toString() };
}

/** allowHalfOpen: this side can keep sending after the response. */
function open({ shop, staff }: ImageShop, length: number): Socket {
  const { hostname, port } = new URL(shop.url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.write(
    `POST /api/products/walnut-desk/images HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncookie: ${staff.cookie}\r\n` +
      `content-length: ${length}\r\n\r\n`,
  );
  return socket;
}

/** Streams the bytes in chunks, without Content-Length. */
export function streamOf(bytes: Buffer, size = 65_536): ReadableStream {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += size)));
    },
  });
}
