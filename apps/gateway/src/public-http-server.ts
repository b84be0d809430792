// Hooks that run for every request before its route.
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { inert } from '@shop/kit/problem-filter';
import { AppError, invalidRequest } from '@shop/rpc/errors';
import type { FastifyRequest } from 'fastify';
import { gatewayConfig, type GatewayConfig } from './gateway.config.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Routes override these. By default a response must not be cached, sniffed, framed or run. */
const defaultHeaders = { 'cache-control': 'no-store', ...inert };

export function preparePublicHttpServer(app: NestFastifyApplication): void {
  const { PUBLIC_URL } = app.get<GatewayConfig>(gatewayConfig.token);
  const publicHost = PUBLIC_URL && new URL(PUBLIC_URL).host;
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      void reply.headers(defaultHeaders);
      done(crossOriginError(request, publicHost) ?? prototypeError(request));
    });
}

/** Browsers send Origin with every write and pages cannot forge it, so a foreign Origin is a request by another site. */
function crossOriginError({ method, headers, host }: FastifyRequest, publicHost?: string): AppError | undefined {
  const { origin } = headers;
  if (SAFE_METHODS.has(method) || origin === undefined) return undefined;
  if (URL.canParse(origin)) {
    const from = new URL(origin);
    // Parsed with the scheme of the origin, so that the default port of this scheme is dropped from both.
    const own = `${from.protocol}//${host}`;
    if (from.host === publicHost || (URL.canParse(own) && new URL(own).host === from.host)) return undefined;
  }
  return new AppError('forbidden', 'Requests from other sites may not change anything.');
}

/** Strict schemas do not see this name in a query. */
function prototypeError({ query }: FastifyRequest): AppError | undefined {
  if (!Object.hasOwn(query as object, '__proto__')) return undefined;
  return invalidRequest([{ path: ['__proto__'], message: 'is not a field here' }]);
}
