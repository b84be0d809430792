// /robots.txt and the maps of the shop for search engines: one of the pages above all categories, and one of each category
// with its products.
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { catalogRpc } from '@shop/contracts/catalog';
import type { CategoryList, ProductPage } from '@shop/contracts/products';
import { AppError } from '@shop/kit/errors';
import { Rpc } from '@shop/kit/rpc/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { escape } from './page-head.js';

/** What a map may name at most (sitemaps.org). */
const MOST = 50_000;
const PER_CALL = 100;
const CACHE_CONTROL = 'public, max-age=3600, stale-if-error=86400';
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';

export function serveSitemap(app: NestFastifyApplication, originOf: (request: FastifyRequest) => string): void {
  const fastify = app.getHttpAdapter().getInstance();
  const rpc = app.get(Rpc);

  fastify.get('/robots.txt', (request, reply) =>
    send(
      reply,
      'text/plain',
      `User-agent: *\nDisallow: /api/\nAllow: /api/products\nAllow: /api/categories\nSitemap: ${originOf(request)}/sitemap.xml\n`,
    ),
  );
  fastify.get('/sitemap.xml', async (request, reply) => {
    const names = ['pages', ...(await categoriesOf(rpc)).map(({ slug }) => `categories-${slug}`)];
    const maps = names.map(
      (name) => `<sitemap><loc>${escape(`${originOf(request)}/sitemaps/${name}.xml`)}</loc></sitemap>\n`,
    );
    return send(reply, 'application/xml', `${XML}<sitemapindex ${NAMESPACE}>\n${maps.join('')}</sitemapindex>\n`);
  });
  fastify.get<{ Params: { file: string } }>('/sitemaps/:file', async (request, reply) => {
    const origin = originOf(request);
    const { file } = request.params;
    const category = (await categoriesOf(rpc)).find(({ slug }) => file === `categories-${slug}.xml`);
    if (!category && file !== 'pages.xml') throw new AppError('not_found', 'There is no such map.');
    const urls = category
      ? [entry(`${origin}/categories/${category.slug}`), ...(await productsOf(rpc, category.slug, origin))]
      : [entry(`${origin}/`), entry(`${origin}/products`)];
    return send(reply, 'application/xml', `${XML}<urlset ${NAMESPACE}>\n${urls.join('')}</urlset>\n`);
  });
}

async function categoriesOf(rpc: Rpc): Promise<CategoryList['items']> {
  const { body } = await rpc.call(catalogRpc.listCategories, {});
  return (JSON.parse(body.toString()) as CategoryList).items;
}

async function productsOf(rpc: Rpc, category: string, origin: string): Promise<string[]> {
  const urls: string[] = [];
  for (let cursor: string | undefined; urls.length < MOST - PER_CALL;) {
    const { body } = await rpc.call(catalogRpc.listProducts, { category, limit: PER_CALL, cursor });
    const { items, nextCursor } = JSON.parse(body.toString()) as ProductPage;
    urls.push(...items.map(({ slug, updatedAt }) => entry(`${origin}/products/${slug}`, updatedAt)));
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return urls;
}

function entry(url: string, changedAt?: string): string {
  return `<url><loc>${escape(url)}</loc>${changedAt ? `<lastmod>${changedAt}</lastmod>` : ''}</url>\n`;
}

function send(reply: FastifyReply, type: string, text: string): FastifyReply {
  return reply.type(`${type}; charset=utf-8`).header('cache-control', CACHE_CONTROL).send(text);
}
