// What holds for every request before a route sees it.
import { inert } from '@shop/kit/problem-filter';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppError, invalidRequest } from '@shop/rpc/errors';
import type { FastifyRequest } from 'fastify';
import { gatewayConfig, type GatewayConfig } from './gateway.config.js';

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What an answer says of itself unless its route says otherwise: nobody may keep, guess at, frame or run it. */
const unlessSaid = { 'cache-control': 'no-store', ...inert };

export function preparePublicDoor(app: NestFastifyApplication): void {
  const { PUBLIC_URL } = app.get<GatewayConfig>(gatewayConfig.token);
  const publicHost = PUBLIC_URL && new URL(PUBLIC_URL).host;
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      void reply.headers(unlessSaid);
      if (!harmless.has(request.method) && isForeign(request, publicHost))
        return done(new AppError('forbidden', 'Other sites may not change anything here.'));
      // The one name that schemas of queries overlook.
      const odd = Object.hasOwn(request.query as object, '__proto__');
      done(odd ? invalidRequest([{ path: ['__proto__'], message: 'is not a field here' }]) : undefined);
    });
}

/** Browsers send Origin with every write, and no page can forge it: a foreign one means that another site is behind it. */
function isForeign({ headers, host }: FastifyRequest, publicHost: string | undefined): boolean {
  const { origin } = headers;
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const from = new URL(origin);
  // Parsed with the scheme of the origin, a port that this scheme need not name is left out.
  const own = `${from.protocol}//${host}`;
  return from.host !== publicHost && !(URL.canParse(own) && new URL(own).host === from.host);
}
