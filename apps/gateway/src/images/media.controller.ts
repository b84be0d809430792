// The files of pictures. What lies under a key never changes, so whoever has it may keep it.
import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { MediaKey, type MediaExtension } from '@shop/contracts/images';
import { isMissing, STORAGE, type Storage } from '@shop/kit/storage';
import { AppError } from '@shop/rpc/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import { Documented } from '../docs/documented.js';
import { matches } from '../send-serialized-json.js';

const types: Record<MediaExtension, string> = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' };

@Controller('media')
export class MediaController {
  constructor(@Inject(STORAGE) private readonly storage: Storage) {}

  @Get(':picture/:file')
  @Documented({
    summary: 'A file of a picture',
    description: 'Its address comes from `variants`. Parts of it are answered to `Range`.',
    mediaType: 'image/*',
    params: {
      picture: { description: 'Which picture', example: '4f1ac1b0a2d3e4f5' },
      file: { description: 'Which file of it', example: '0a1b2c3d4e5f6071.webp' },
    },
    headers: {
      'If-None-Match': { description: 'The ETag of what you have', example: '"0a1b2c3d4e5f6071"' },
      Range: { description: 'One part of it', example: 'bytes=0-1023' },
    },
    answerHeaders: { ETag: 'Names these bytes', 'Cache-Control': 'A year: it never changes' },
    notModified: true,
    refuses: ['not_found', 'range_not_satisfiable'],
  })
  async get(
    @Param('picture') picture: string,
    @Param('file') file: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // Nothing that lies elsewhere in storage has a key like this.
    const key = MediaKey.safeParse(`media/${picture}/${file}`);
    if (!key.success) throw missing();
    const [hash, extension] = file.split('.') as [string, MediaExtension];
    const size = await this.sizeOf(key.data);
    const etag = `"${hash}"`;
    const headers = {
      'cache-control': 'public, max-age=31536000, immutable',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      etag,
    };
    const known = request.headers['if-none-match'];
    if (known !== undefined && matches(known, etag)) return void reply.code(304).headers(headers).send();

    const part = rangeOf(request, etag, size);
    if (part === 'none') {
      void reply.header('content-range', `bytes */${size}`);
      throw new AppError('range_not_satisfiable', `The file has ${size} bytes.`);
    }
    const { start, end } = part ?? { start: 0, end: size - 1 };
    const body = request.method === 'HEAD' ? Readable.from([]) : await this.read(key.data, start, end);
    if (part) void reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
    void reply.headers({ ...headers, 'content-type': types[extension], 'content-length': end - start + 1 }).send(body);
  }

  private async sizeOf(key: string): Promise<number> {
    return (await this.storage.getMetaData(key).catch(explain)).contentLength;
  }

  private read(key: string, start: number, end: number): Promise<Readable> {
    return this.storage.getRange(key, start, end).catch(explain);
  }
}

/** The part that is asked for; undefined for the whole, which is also the answer to several parts (RFC 9110, 14.2). */
function rangeOf({ headers }: FastifyRequest, etag: string, size: number) {
  const ifRange = headers['if-range'];
  if (headers.range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const ranges = parseRange(size, headers.range);
  if (ranges === -1) return 'none';
  return ranges === -2 || ranges.type !== 'bytes' || ranges.length > 1 ? undefined : ranges[0];
}

function explain(error: unknown): never {
  throw isMissing(error) ? missing() : error;
}

function missing(): AppError {
  return new AppError('not_found', 'There is no such file.');
}
