import { createHash } from 'node:crypto';

/** JSON made once by its owner: bytes to pass on as they are, with a strong ETag of their content. */
export class ReadyJson {
  constructor(
    readonly body: Buffer,
    readonly etag: string,
  ) {}

  static of(value: unknown): ReadyJson {
    const body = Buffer.from(JSON.stringify(value));
    return new ReadyJson(body, `"${createHash('sha1').update(body).digest('base64url')}"`);
  }
}
