import { createHash } from 'node:crypto';

/** JSON serialized once by its owner: bytes that are passed on untouched, with a strong ETag of their content. */
export class SerializedJson {
  constructor(
    readonly body: Buffer,
    readonly etag: string,
  ) {}

  static of(value: unknown): SerializedJson {
    const body = Buffer.from(JSON.stringify(value));
    return new SerializedJson(body, `"${createHash('sha1').update(body).digest('base64url')}"`);
  }
}
