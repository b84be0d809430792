// Streams an uploaded image from a request to storage, with only a few chunks in memory.
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { uploadKey, type Upload } from '@shop/contracts/images';
import { collectYoung } from '@shop/kit/memory';
import { STORAGE, type Storage } from '@shop/kit/storage';
import { AppError } from '@shop/rpc/errors';
import { imageTypeOf, SIGNATURE_BYTES } from './image-type.js';

/** 20 MiB, which is also more than 20 MB. */
export const MAX_BYTES = 20 * 1024 * 1024;

/** Garbage is collected after this many bytes of all uploads together: V8 does not see the memory of buffers off its heap. */
const COLLECT_BYTES = 8 * 1024 * 1024;
let sinceCollected = 0;

type Chunks = AsyncGenerator<Buffer, void, void>;

interface Tally {
  hash: Hash;
  bytes: number;
  /** Why the body is refused; storage only reports that its source failed. */
  refusal?: AppError;
}

@Injectable()
export class Uploads {
  constructor(@Inject(STORAGE) private readonly storage: Storage) {}

  /**
   * Stores the body under a key of its own; nothing is left of a body that is refused or incomplete. `contentLength` is
   * what the client declared. invalid_request, payload_too_large, unsupported_media_type, unavailable.
   */
  async receive(body: Readable, contentLength: number | undefined): Promise<Upload> {
    if (contentLength !== undefined && contentLength > MAX_BYTES) throw tooLarge();
    const tally: Tally = { hash: createHash('sha256'), bytes: 0 };
    const chunks = counted(body, tally);
    try {
      return await this.store(chunks, tally, contentLength);
    } catch (error) {
      // Discards the rest: many clients read the response only after they have sent everything.
      void chunks.return().then(() => body.resume());
      throw tally.refusal ?? error;
    }
  }

  private async store(chunks: Chunks, tally: Tally, contentLength: number | undefined): Promise<Upload> {
    const head = await firstBytes(chunks);
    if (head.length === 0) throw new AppError('invalid_request', 'The body is empty: it must be an image.');
    const type = imageTypeOf(head);
    if (!type) throw new AppError('unsupported_media_type', 'This is not a JPEG, PNG, WebP or AVIF image.');
    const key = uploadKey(randomUUID());
    await this.storage.putStream(key, Readable.from(joined(head, chunks)), { contentLength, contentType: type });
    return { key, type, hash: tally.hash.digest('hex'), bytes: tally.bytes };
  }
}

async function* counted(body: Readable, tally: Tally): Chunks {
  // An early return must not destroy the request, which still needs its response.
  const reading = body.iterator({ destroyOnReturn: false }) as Chunks;
  try {
    for (;;) {
      const { done, value: chunk } = await reading.next().catch(() => {
        throw (tally.refusal = new AppError('invalid_request', 'The body is incomplete: the connection broke off.'));
      });
      if (done) return;
      tally.bytes += chunk.length;
      if (tally.bytes > MAX_BYTES) throw (tally.refusal = tooLarge());
      tally.hash.update(chunk);
      freeBuffers(chunk.length);
      yield chunk;
    }
  } finally {
    await reading.return();
  }
}

function freeBuffers(bytes: number): void {
  sinceCollected += bytes;
  if (sinceCollected < COLLECT_BYTES) return;
  sinceCollected = 0;
  collectYoung();
}

async function firstBytes(chunks: Chunks): Promise<Buffer> {
  const head: Buffer[] = [];
  for (let length = 0; length < SIGNATURE_BYTES;) {
    const { value } = await chunks.next();
    if (!value) break;
    head.push(value);
    length += value.length;
  }
  return Buffer.concat(head);
}

async function* joined(head: Buffer, chunks: Chunks): Chunks {
  yield head;
  yield* chunks;
}

function tooLarge(): AppError {
  return new AppError('payload_too_large', `An image may have up to ${MAX_BYTES} bytes.`);
}
