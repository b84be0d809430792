// Serves the built storefront: its files, its pages with metadata and first data, and 404 as a page.
import fastifyStatic from '@fastify/static';
import { pages, type PageName } from '@shop/contracts/pages';
import { AppError, toAppError } from '@shop/rpc/errors';
import type { Rpc } from '@shop/rpc/rpc';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../gateway.config.js';
import { clientHas, PUBLIC_CACHE_CONTROL } from '../send-serialized-json.js';
import { pageContents, type PageAddress, type PageContent } from './page-content.js';
import { headOf, safeJson } from './page-head.js';
import { serveSitemap } from './sitemap.js';
import { readStorefront, type Storefront } from './storefront-files.js';

export function serveStorefront(fastify: FastifyInstance, rpc: Rpc, config: GatewayConfig): void {
  const storefront = readStorefront(config);
  // Without a storefront the front page leads to the API's documentation.
  if (!storefront) return void fastify.get('/', (_request, reply) => reply.redirect('/api/docs'));
  const originOf = (request: FastifyRequest) => config.PUBLIC_URL ?? `${request.protocol}://${request.host}`;

  void fastify.register(fastifyStatic, {
    root: storefront.assetsDir,
    prefix: '/assets/',
    decorateReply: false,
    index: false,
    preCompressed: true,
    maxAge: '1y',
    immutable: true,
    // The files are public, and pages may load them from another origin (ASSETS_URL).
    setHeaders: (reply) => void reply.header('access-control-allow-origin', '*'),
  });
  for (const [name, page] of Object.entries(pages) as [PageName, (typeof pages)[PageName]][]) {
    fastify.get(page.path, async (request, reply) => {
      const origin = originOf(request);
      const params = request.params as Record<string, string>;
      const found = await contentOf(rpc, name, { params, hasQuery: request.url.includes('?'), origin });
      // On 304 too: it replaces the header of the cached copy.
      void reply.header('content-security-policy', storefront.policy);
      if ('status' in found) return sendPage(storefront, reply, { ...found, origin });
      const etag = etagOf(storefront, found);
      void reply.headers({ etag, 'cache-control': page.public ? PUBLIC_CACHE_CONTROL : 'no-cache' });
      if (clientHas(reply, etag)) return reply.code(304).send();
      return sendPage(storefront, reply, { ...found, name, status: 200, origin });
    });
  }
  serveSitemap(fastify, rpc, originOf);
  // Browsers get a page, other clients a problem.
  fastify.get('/*', (request, reply) => {
    const isPage = request.headers.accept?.includes('text/html') && !/^\/(api|media|assets)\//.test(request.url);
    if (!isPage) throw new AppError('not_found', `There is no ${request.url.split('?')[0]}.`);
    return sendPage(storefront, reply, { status: 404, metadata: { title: 'Not found' }, origin: originOf(request) });
  });
}

/** While a service fails, the page is sent without content: its scripts call the API themselves and show the error. */
async function contentOf(
  rpc: Rpc,
  name: PageName,
  address: PageAddress,
): Promise<PageContent | (PageContent & { status: number })> {
  try {
    return (await pageContents[name]?.(rpc, address)) ?? { metadata: {} };
  } catch (thrown) {
    const { code, status } = toAppError(thrown);
    // A bug of the gateway, which must be logged.
    if (code === 'internal' && !(thrown instanceof AppError)) throw thrown;
    return { status, metadata: code === 'not_found' ? { title: 'Not found' } : {} };
  }
}

/** Changes with the storefront and with every response in the page. */
function etagOf({ version }: Storefront, { responses = {} }: PageContent): string {
  const parts = Object.values(responses).map(({ etag }) => etag.replaceAll('"', ''));
  return `W/"${[version, ...parts].join('.')}"`;
}

function sendPage(
  storefront: Storefront,
  reply: FastifyReply,
  { status, metadata, responses = {}, origin, name }: PageContent & { status: number; origin: string; name?: PageName },
): FastifyReply {
  const data = Object.entries(responses).map(([path, { body }]) => `${JSON.stringify(path)}:${body.toString()}`);
  if (status === 503) void reply.header('retry-after', 5);
  return reply
    .code(status)
    .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': storefront.policy })
    .send(storefront.page({ name, head: headOf(metadata, origin), data: safeJson(`{${data.join(',')}}`) }));
}
