import type { SerializedJson } from '@shop/rpc/serialized-json';
import type { FastifyReply } from 'fastify';

/** How long shared and private caches may use a public response. */
export const PUBLIC_CACHE_CONTROL = 'public, max-age=1, stale-while-revalidate=1, stale-if-error=86400';

/** Sends JSON that its owner serialized, or 304. */
export function sendSerializedJson(reply: FastifyReply, { body, etag }: SerializedJson): void {
  void reply.header('cache-control', PUBLIC_CACHE_CONTROL).header('etag', etag);
  if (clientHas(reply, etag)) void reply.code(304).send();
  else void reply.header('content-type', 'application/json; charset=utf-8').send(body);
}

export function clientHas({ request }: FastifyReply, etag: string): boolean {
  const ifNoneMatch = request.headers['if-none-match'];
  return ifNoneMatch !== undefined && matches(ifNoneMatch, etag);
}

/** If-None-Match is `*` or a list, compared weakly (RFC 9110, 13.1.2). */
export function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  const tags = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => withoutWeakness(tag) === withoutWeakness(etag));
}

function withoutWeakness(tag: string): string {
  return tag.replace(/^W\//, '');
}
