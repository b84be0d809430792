import type { SerializedJson } from '@shop/rpc/serialized-json';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long copies of public answers may live, wherever they are: the owner says it, every cache in front obeys. */
export const PUBLIC_CACHE_CONTROL = 'public, max-age=1, stale-while-revalidate=1, stale-if-error=86400';

/** Passes bytes on as they came, or 304 when the client has them. */
export function sendSerializedJson(request: FastifyRequest, reply: FastifyReply, { body, etag }: SerializedJson): void {
  void reply.header('cache-control', PUBLIC_CACHE_CONTROL).header('etag', etag);
  const known = request.headers['if-none-match'];
  if (known !== undefined && matches(known, etag)) void reply.code(304).send();
  else void reply.header('content-type', 'application/json; charset=utf-8').send(body);
}

/** If-None-Match: `*` or a list, compared weakly (RFC 9110, 13.1.2). */
export function matches(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  const opaque = withoutWeakness(etag);
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => withoutWeakness(tag) === opaque);
}

function withoutWeakness(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
