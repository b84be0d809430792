import { SerializedJson } from '@shop/rpc/serialized-json';

/**
 * For what is kept. Buffers are often parts of bigger ones, of what the network brought or of Node's pool, and a part
 * that is kept keeps the whole: several times what a cache believes it holds.
 */
export function withOwnMemory({ body, etag }: SerializedJson): SerializedJson {
  const own = Buffer.allocUnsafeSlow(body.length);
  body.copy(own);
  return new SerializedJson(own, etag);
}
