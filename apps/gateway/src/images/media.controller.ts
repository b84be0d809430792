// Image files. Keys are content hashes, so clients may cache a file for ever.
import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { MediaKey, type MediaExtension } from '@shop/contracts/images';
import { isMissing, STORAGE, type Storage } from '@shop/kit/storage';
import { AppError } from '@shop/rpc/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import { Documented } from '../documented.js';
import { clientHas } from '../send-serialized-json.js';

const types: Record<MediaExtension, string> = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' };

@Controller('media')
export class MediaController {
  constructor(@Inject(STORAGE) private readonly storage: Storage) {}

  @Get(':image/:file')
  @Documented({
    summary: 'An image file',
    description: 'Its URL is in `variants`.',
    mediaType: 'image/*',
    headers: {
      'If-None-Match': { description: 'ETag of a copy', example: '"0a1b2c3d4e5f6071"' },
      Range: { description: 'One range of bytes', example: 'bytes=0-1023' },
    },
    answerHeaders: { ETag: 'Identifies the file', 'Cache-Control': 'A year: the file never changes' },
    notModified: true,
    refuses: ['range_not_satisfiable'],
  })
  async get(@Param('image') image: string, @Param('file') file: string, @Res() reply: FastifyReply): Promise<void> {
    const { request } = reply;
    // Only public files have keys of this form.
    const key = MediaKey.safeParse(`media/${image}/${file}`);
    if (!key.success) throw notFound();
    const [hash, extension] = file.split('.') as [string, MediaExtension];
    const { contentLength: size } = await this.storage.getMetaData(key.data).catch(explain);
    const etag = `"${hash}"`;
    const headers = {
      'cache-control': 'public, max-age=31536000, immutable',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      etag,
    };
    if (clientHas(reply, etag)) return void reply.code(304).headers(headers).send();

    const range = rangeOf(request, etag, size);
    if (range === 'unsatisfiable') {
      void reply.header('content-range', `bytes */${size}`);
      throw new AppError('range_not_satisfiable', `The file has ${size} bytes.`);
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    const read = () => this.storage.getRange(key.data, start, end).catch(explain);
    const body = request.method === 'HEAD' ? Readable.from([]) : await read();
    if (range) void reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
    void reply.headers({ ...headers, 'content-type': types[extension], 'content-length': end - start + 1 }).send(body);
  }
}

/** Undefined for the whole file, which is also the response to several ranges (RFC 9110, 14.2). */
function rangeOf({ headers }: FastifyRequest, etag: string, size: number) {
  const ifRange = headers['if-range'];
  if (headers.range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const ranges = parseRange(size, headers.range);
  if (ranges === -1) return 'unsatisfiable';
  return ranges === -2 || ranges.type !== 'bytes' || ranges.length > 1 ? undefined : ranges[0];
}

function explain(error: unknown): never {
  throw isMissing(error) ? notFound() : error;
}

function notFound(): AppError {
  return new AppError('not_found', 'There is no such file.');
}
