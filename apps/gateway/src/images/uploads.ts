// Takes a picture from a request into storage while it arrives: never more of it in memory than a few chunks.
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { uploadKey, type Upload } from '@shop/contracts/images';
import { collectYoung } from '@shop/kit/memory';
import { STORAGE, type Storage } from '@shop/kit/storage';
import { AppError } from '@shop/rpc/errors';
import { imageTypeOf, TELLING_BYTES } from './image-type.js';

/** 20 MB, whichever kind of megabyte is meant. */
export const MOST_BYTES = 20 * 1024 * 1024;

/** Of all uploads together: how much may have passed before its memory is freed. */
const COLLECT_BYTES = 8 * 1024 * 1024;
let sinceCollected = 0;

type Chunks = AsyncGenerator<Buffer, void, void>;

interface Tally {
  hash: Hash;
  bytes: number;
  /** What is wrong with the body itself. */
  refusal?: AppError;
}

@Injectable()
export class Uploads {
  constructor(@Inject(STORAGE) private readonly storage: Storage) {}

  /**
   * Stores a body under a key of its own; of one that is refused, or breaks off, nothing stays. `contentLength` is what
   * its client said, if anything. invalid_request, payload_too_large, unsupported_media_type, unavailable.
   */
  async receive(body: Readable, contentLength: number | undefined): Promise<Upload> {
    if (contentLength !== undefined && contentLength > MOST_BYTES) throw tooLarge();
    const tally: Tally = { hash: createHash('sha256'), bytes: 0 };
    const chunks = counted(body, tally);
    try {
      return await this.store(chunks, tally, contentLength);
    } catch (error) {
      // A client that is still sending would not read the answer: the rest goes by.
      void chunks.return().then(() => body.resume());
      throw tally.refusal ?? error;
    }
  }

  private async store(chunks: Chunks, tally: Tally, contentLength: number | undefined): Promise<Upload> {
    const head = await firstBytes(chunks);
    if (head.length === 0) throw new AppError('invalid_request', 'The body is empty: it must be a picture.');
    const type = imageTypeOf(head);
    if (!type) throw new AppError('unsupported_media_type', 'This is not a JPEG, PNG, WebP or AVIF picture.');
    const key = uploadKey(randomUUID());
    await this.storage.putStream(key, Readable.from(joined(head, chunks)), { contentLength, contentType: type });
    return { key, type, hash: tally.hash.digest('hex'), bytes: tally.bytes };
  }
}

async function* counted(body: Readable, tally: Tally): Chunks {
  // Left early, the request stays open for its answer.
  const reading = body.iterator({ destroyOnReturn: false }) as Chunks;
  try {
    for (;;) {
      const { done, value: chunk } = await reading.next().catch(() => {
        throw (tally.refusal = new AppError('invalid_request', 'The body broke off.'));
      });
      if (done) return;
      tally.bytes += chunk.length;
      if (tally.bytes > MOST_BYTES) throw (tally.refusal = tooLarge());
      tally.hash.update(chunk);
      freeWhatPassed(chunk.length);
      yield chunk;
    }
  } finally {
    await reading.return();
  }
}

function freeWhatPassed(bytes: number): void {
  sinceCollected += bytes;
  if (sinceCollected < COLLECT_BYTES) return;
  sinceCollected = 0;
  collectYoung();
}

async function firstBytes(chunks: Chunks): Promise<Buffer> {
  const head: Buffer[] = [];
  for (let length = 0; length < TELLING_BYTES;) {
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
  return new AppError('payload_too_large', `A picture may have up to ${MOST_BYTES} bytes.`);
}
