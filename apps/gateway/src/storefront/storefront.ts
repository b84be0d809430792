// Serves the storefront: its files, its pages with what search engines want to know, and 404 as a page.
import fastifyStatic from '@fastify/static';
import { pages, type PageName } from '@shop/contracts/pages';
import { AppError, toAppError } from '@shop/rpc/errors';
import type { Rpc } from '@shop/rpc/rpc';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../gateway.config.js';
import { pageContents, type PageAddress, type PageContent } from './page-content.js';
import { headOf, safeJsonText } from './page-head.js';
import { matches, PUBLIC_CACHE_CONTROL } from '../send-serialized-json.js';
import { serveSitemap } from './sitemap.js';
import { readStorefront, type Storefront } from './storefront-files.js';

export function serveStorefront(fastify: FastifyInstance, rpc: Rpc, config: GatewayConfig): void {
  const storefront = readStorefront(config);
  // Without one, the description of the API is the front page.
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
    // Pages of a shop whose files come from another host; they are no secret.
    setHeaders: (reply) => void reply.header('access-control-allow-origin', '*'),
  });
  for (const [name, page] of Object.entries(pages)) {
    fastify.get(page.path, async (request, reply) => {
      const origin = originOf(request);
      const params = request.params as Record<string, string>;
      const address = { params, plain: !request.url.includes('?'), origin };
      const found = await contentOf(rpc, name as PageName, address);
      // With 304 as well: what it says replaces what was said with the copy.
      void reply.header('content-security-policy', storefront.policy);
      if ('status' in found) return sendPage(storefront, reply, { ...found, origin });
      if (!isNew(storefront, found, request, reply, page.public)) return reply.code(304).send();
      return sendPage(storefront, reply, { ...found, name: name as PageName, status: 200, origin });
    });
  }
  serveSitemap(fastify, rpc, originOf);
  // Programs get a problem, people a page.
  fastify.get('/*', (request, reply) => {
    const wanted = request.headers.accept?.includes('text/html') && !/^\/(api|media|assets)\//.test(request.url);
    if (!wanted) throw new AppError('not_found', `There is no ${request.url.split('?')[0]}.`);
    return sendPage(storefront, reply, { status: 404, facts: { title: 'Not found' }, origin: originOf(request) });
  });
}

type Found = PageContent | (PageContent & { status: number });

/** A page that cannot be made just now is sent all the same: it asks the API itself, and says what is the matter. */
async function contentOf(rpc: Rpc, name: PageName, address: PageAddress): Promise<Found> {
  try {
    return (await pageContents[name]?.(rpc, address)) ?? { facts: {} };
  } catch (thrown) {
    const { code, status } = toAppError(thrown);
    // A mistake of the gateway itself, which has to be logged.
    if (code === 'internal' && !(thrown instanceof AppError)) throw thrown;
    return { status, facts: code === 'not_found' ? { title: 'Not found' } : {} };
  }
}

/** Says how long the page may be kept; false when the client has it. */
function isNew(
  { version }: Storefront,
  { answers = {} }: PageContent,
  request: FastifyRequest,
  reply: FastifyReply,
  isPublic: boolean,
): boolean {
  const parts = Object.values(answers).map(({ etag }) => etag.replaceAll('"', ''));
  const etag = `W/"${[version, ...parts].join('.')}"`;
  void reply.headers({ etag, 'cache-control': isPublic ? PUBLIC_CACHE_CONTROL : 'no-cache' });
  const known = request.headers['if-none-match'];
  return known === undefined || !matches(known, etag);
}

function sendPage(
  storefront: Storefront,
  reply: FastifyReply,
  { status, facts, answers = {}, origin, name }: PageContent & { status: number; origin: string; name?: PageName },
): FastifyReply {
  const data = Object.entries(answers).map(([path, { body }]) => `${JSON.stringify(path)}:${body.toString()}`);
  if (status === 503) void reply.header('retry-after', 5);
  return reply
    .code(status)
    .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': storefront.policy })
    .send(storefront.page({ name, head: headOf(facts, origin), data: safeJsonText(`{${data.join(',')}}`) }));
}
