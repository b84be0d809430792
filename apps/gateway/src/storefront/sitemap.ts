// /robots.txt and the sitemap: an index, the shop's pages, and its products in parts that the catalog has prepared.
import { createHash } from 'node:crypto';
import { finished, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { catalogRpc } from '@shop/contracts/catalog';
import type { CategoryList } from '@shop/contracts/products';
import { AppError } from '@shop/rpc/errors';
import type { Rpc } from '@shop/rpc/rpc';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AtOnce } from '../at-once.js';
import { escape } from './page-head.js';
import { matches } from '../send-serialized-json.js';

/** Each holds its part, gzipped, for as long as its client takes to read it. */
const MOST_AT_ONCE = 16;
const NOT_PREPARED_RETRY_SECONDS = 10;
const ROBOTS_CACHE_CONTROL = 'public, max-age=3600, stale-if-error=86400';
const CACHE_CONTROL = 'public, max-age=600, stale-if-error=86400';
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';

export function serveSitemap(fastify: FastifyInstance, rpc: Rpc, originOf: (request: FastifyRequest) => string): void {
  const atOnce = new AtOnce(MOST_AT_ONCE, 'parts of the sitemap');

  fastify.get('/robots.txt', (request, reply) =>
    reply
      .headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': ROBOTS_CACHE_CONTROL })
      .send(
        `User-agent: *\nDisallow: /api/\nAllow: /api/products\nAllow: /api/categories\nSitemap: ${originOf(request)}/sitemap.xml\n`,
      ),
  );
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
    const leave = atOnce.enter('all');
    finished(reply.raw, leave);
    const { body, etag } = await rpc.call(catalogRpc.getSitemapPart, { part: Number(part) });
    const origin = originOf(request);
    const ours = `W/"${createHash('sha1').update(origin).update(etag).digest('base64url')}"`;
    void reply.header('etag', ours);
    const known = request.headers['if-none-match'];
    if (known !== undefined && matches(known, ours))
      return reply.header('cache-control', CACHE_CONTROL).code(304).send();
    return sendXml(
      reply,
      request.method === 'HEAD' ? Readable.from([]) : Readable.from(urlset(body, `${origin}/products/`)),
    );
  });
}

/** Piece by piece, as fast as the client reads. */
async function* urlset(gzippedLines: Buffer, prefix: string): AsyncGenerator<string> {
  yield `${XML}<urlset ${NAMESPACE}>\n`;
  const lines = createGunzip();
  lines.end(gzippedLines);
  let begun = '';
  for await (const text of lines.setEncoding('utf8')) {
    const complete = (begun + String(text)).split('\n');
    begun = complete.pop()!;
    yield complete.map((line) => productEntry(prefix, line)).join('');
  }
  if (begun) yield productEntry(prefix, begun);
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
