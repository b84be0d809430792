// Storage in a bucket of Amazon's S3 or of anything that speaks its protocol. Loaded with STORAGE=s3 only.
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { S3Driver } from 'flydrive/drivers/s3';
import type { WriteOptions } from 'flydrive/types';
import type { KitConfig } from './kit.config.js';
import type { StorageDriver } from './storage.js';

/** How long a server may take to accept a connection, and how long nothing may move on one, before it counts as away. */
const CONNECT_MS = 1000;
const STALL_MS = 8000;

const AFTERWARDS_MS = 1000;

/** What goes wrong is thrown; the SDK would say it on the console as well. */
const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export function openBucket(config: KitConfig): Bucket {
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = config;
  const client = new S3Client({
    endpoint: S3_ENDPOINT,
    region: S3_REGION,
    // Left out, the SDK takes what the machine it runs on was given.
    credentials:
      S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY
        ? { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY }
        : undefined,
    forcePathStyle: true,
    maxAttempts: 2,
    // The SDK's own checksums want chunks of 8 kB at least, and what it offers to make them so collects a body that
    // arrives faster than it leaves. They also take as much time as all the rest.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: silent,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: STALL_MS },
  });
  return new Bucket(client, S3_BUCKET!);
}

export class Bucket extends S3Driver implements StorageDriver {
  constructor(
    private readonly client: S3Client,
    private readonly name: string,
  ) {
    // Buckets of Amazon's have no ACLs any more: everything is private, and the gateway serves what is public.
    super({ client, bucket: name, visibility: 'private', supportsACL: false });
  }

  /** S3 wants to know the length beforehand; where it is not told, the stream waits in a temporary file. */
  override async putStream(key: string, contents: Readable, options: WriteOptions = {}): Promise<void> {
    if (options.contentLength !== undefined) return this.send(key, contents, options);
    const path = join(tmpdir(), `shop-upload-${randomUUID()}`);
    const spool = await open(path, 'wx+', 0o600);
    try {
      // It has no name while it is in use, so that it goes with this process however that ends.
      await rm(path);
      const { fd } = spool;
      await pipeline(contents, createWriteStream(path, { fd, autoClose: false }));
      const contentLength = (await spool.stat()).size;
      await this.send(key, createReadStream(path, { fd, start: 0, autoClose: false }), { ...options, contentLength });
    } finally {
      await spool.close();
    }
  }

  /** S3 may refuse single files of many, which flydrive does not tell. */
  override async deleteAll(prefix: string): Promise<void> {
    await super.deleteAll(prefix);
    const { objects } = await this.listAll(prefix, { recursive: true, maxResults: 1 });
    if ([...objects].length > 0) throw new Error(`not all files of ${prefix} could be removed`);
  }

  async getRange(key: string, start: number, end: number): Promise<Readable> {
    const command = new GetObjectCommand({ Bucket: this.name, Key: key, Range: `bytes=${start}-${end}` });
    return (await this.client.send(command)).Body as Readable;
  }

  async check(): Promise<void> {
    await this.client.send(new HeadBucketCommand({ Bucket: this.name }));
  }

  /** flydrive's own leaves the request open for ever when `contents` breaks off. */
  private async send(key: string, contents: Readable, { contentLength, contentType }: WriteOptions): Promise<void> {
    const broken = new AbortController();
    let why: Error | undefined;
    contents.once('error', (error) => {
      why = error;
      broken.abort();
    });
    const command = new PutObjectCommand({
      Bucket: this.name,
      Key: key,
      Body: contents,
      ContentLength: contentLength,
      ContentType: contentType,
    });
    try {
      await this.client.send(command, { abortSignal: broken.signal });
    } catch (error) {
      contents.destroy();
      // Some servers keep what they got, a moment after the connection broke.
      if (why) setTimeout(() => void this.delete(key).catch(() => undefined), AFTERWARDS_MS).unref();
      throw why ?? error;
    }
  }
}
