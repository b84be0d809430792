// /robots.txt and the sitemap: an index, the shop's pages, and the products in parts that the catalog has prepared.
import { createHash } from 'node:crypto';
import { finished, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { catalogRpc } from '@shop/contracts/catalog';
import type { CategoryList } from '@shop/contracts/products';
import { AppError } from '@shop/rpc/errors';
import type { Rpc } from '@shop/rpc/rpc';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ConcurrencyLimit } from '../concurrency-limit.js';
import { clientHas } from '../send-serialized-json.js';
import { escape } from './page-head.js';

/** Each holds its gzipped part in memory while the client reads it. */
const MAX_PARTS = 16;
const NOT_PREPARED_RETRY_SECONDS = 10;
const ROBOTS_CACHE_CONTROL = 'public, max-age=3600, stale-if-error=86400';
const CACHE_CONTROL = 'public, max-age=600, stale-if-error=86400';
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';

export function serveSitemap(fastify: FastifyInstance, rpc: Rpc, originOf: (request: FastifyRequest) => string): void {
  const limit = new ConcurrencyLimit(MAX_PARTS, 'parts of the sitemap');

  fastify.get('/robots.txt', (request, reply) => {
    const rules = ['User-agent: *', 'Disallow: /api/', 'Allow: /api/products', 'Allow: /api/categories'];
    return reply
      .headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': ROBOTS_CACHE_CONTROL })
      .send([...rules, `Sitemap: ${originOf(request)}/sitemap.xml`, ''].join('\n'));
  });
  fastify.get('/sitemap.xml', async (request, reply) => {
    const { parts } = await rpc.call(catalogRpc.getSitemap, {});
    if (!parts) throw new AppError('unavailable', 'The sitemap is being prepared.', {}, NOT_PREPARED_RETRY_SECONDS);
    const files = [
      { name: 'pages', changedAt: undefined },
      ...parts.map(({ part, changedAt }) => ({ name: `products-${part}`, changedAt })),
    ];
    const maps = files.map(
      ({ name, changedAt }) =>
        `<sitemap><loc>${escape(`${originOf(request)}/sitemaps/${name}.xml`)}</loc>${lastmod(changedAt)}</sitemap>\n`,
    );
    return sendXml(reply, `${XML}<sitemapindex ${NAMESPACE}>\n${maps.join('')}</sitemapindex>\n`);
  });
  fastify.get('/sitemaps/pages.xml', async (request, reply) => {
    const { body } = await rpc.call(catalogRpc.listCategories, {});
    const { items } = JSON.parse(body.toString()) as CategoryList;
    const paths = ['/', '/products', ...items.map(({ slug }) => `/categories/${slug}`)];
    const urls = paths.map((path) => entry(originOf(request) + path));
    return sendXml(reply, `${XML}<urlset ${NAMESPACE}>\n${urls.join('')}</urlset>\n`);
  });
  fastify.get<{ Params: { file: string } }>('/sitemaps/:file', async (request, reply) => {
    const [, part] = /^products-([1-9]\d{0,8})\.xml$/.exec(request.params.file) ?? [];
    if (part === undefined) throw new AppError('not_found', 'There is no such sitemap.');
    finished(reply.raw, limit.enter('all'));
    const { body, etag: catalogEtag } = await rpc.call(catalogRpc.getSitemapPart, { part: Number(part) });
    const origin = originOf(request);
    const etag = `W/"${createHash('sha1').update(origin).update(catalogEtag).digest('base64url')}"`;
    void reply.header('etag', etag);
    if (clientHas(reply, etag)) return reply.header('cache-control', CACHE_CONTROL).code(304).send();
    return sendXml(reply, Readable.from(request.method === 'HEAD' ? [] : urlset(body, `${origin}/products/`)));
  });
}

/** Streams, so that memory does not grow when the client reads slowly. */
async function* urlset(gzippedLines: Buffer, prefix: string): AsyncGenerator<string> {
  yield `${XML}<urlset ${NAMESPACE}>\n`;
  const gunzip = createGunzip();
  gunzip.end(gzippedLines);
  let partialLine = '';
  for await (const text of gunzip.setEncoding('utf8')) {
    const lines = (partialLine + String(text)).split('\n');
    partialLine = lines.pop()!;
    yield lines.map((line) => productEntry(prefix, line)).join('');
  }
  if (partialLine) yield productEntry(prefix, partialLine);
  yield '</urlset>\n';
}

function productEntry(prefix: string, line: string): string {
  const [slug, changedAt] = line.split(' ');
  return entry(prefix + slug!, changedAt);
}

function entry(url: string, changedAt?: string): string {
  return `<url><loc>${escape(url)}</loc>${lastmod(changedAt)}</url>\n`;
}

function lastmod(changedAt: string | undefined): string {
  return changedAt ? `<lastmod>${changedAt}</lastmod>` : '';
}

function sendXml(reply: FastifyReply, xml: string | Readable): FastifyReply {
  return reply.headers({ 'content-type': 'application/xml; charset=utf-8', 'cache-control': CACHE_CONTROL }).send(xml);
}
