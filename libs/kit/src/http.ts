// The HTTP side of a process: Fastify under Nest, with a context, a log line and metrics for every request, and problems for errors.
import type { IncomingMessage, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SLOW_MS } from '@shop/rpc/call-log';
import { newRequestId, runInContext } from '@shop/rpc/context';
import { AppError, invalidRequest } from '@shop/rpc/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions, RouteOptions } from 'fastify';
import { Health } from './health.js';
import type { KitConfig } from './kit.config.js';
import type { Log } from './log.js';
import { counter, histogram } from './metrics.js';
import { failureOf, inert, ProblemFilter, problemOf, sendProblem } from './problem-filter.js';

/** The largest JSON body, in bytes. */
const BODY_LIMIT = 100_000;

/** Longer than any proxy keeps an idle connection, so that a proxy never writes into one that is just being closed. */
const KEEP_ALIVE_MS = 75_000;

/** For the headers of a request to arrive. */
const HEADERS_MS = 30_000;

/** For a client to read why its connection ends. */
const LINGER_MS = 1000;

const ALL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const noSchemas = (): never => {
  throw new Error('Routes have no Fastify schemas here: describe bodies and queries with zod.');
};

/** For a Fastify whose routes have no schemas: left alone it loads ajv and a JSON compiler, 2 MB and 60 ms of each start. */
export const withoutSchemas: FastifyServerOptions['schemaController'] = {
  compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
};

export function createHttpAdapter(config: KitConfig, log: Log): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: config.REQUEST_RECEIVE_MS,
    http: patience(config.REQUEST_RECEIVE_MS),
    trustProxy: config.TRUST_PROXY ?? false,
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : newRequestId();
    },
    logger: false,
    // While closing, requests that still arrive are answered; what tells balancers to go elsewhere is /readyz.
    return503OnClosing: false,
    // Longer than any address: a route knows better what is no name.
    routerOptions: { maxParamLength: 20_000 },
    schemaController: withoutSchemas,
    clientErrorHandler: refuseMalformed,
    // An address that cannot even be decoded comes by no route and no hook.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('x-request-id', request.id);
      sendProblem(error, request, reply, log);
    },
  });
}

/**
 * A request that trickles in would hold its connection for ever. Node takes the longer one of the two limits for that of
 * the whole request, whichever it is called, and looks for those that are late every so often.
 */
function patience(receiveMs: number): ServerOptions {
  return {
    requestTimeout: receiveMs,
    headersTimeout: Math.min(receiveMs, HEADERS_MS),
    connectionsCheckingInterval: Math.ceil(receiveMs / 6),
  };
}

/** Prepares the public door before the application is initialised; the function it answers completes it afterwards. */
export function setUpHttp(app: NestFastifyApplication, config: KitConfig, log: Log): () => void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.removeContentTypeParser('text/plain');
  letDeletesBeEmpty(fastify);
  const health = app.get<Health>(Health);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    // Idle connections are cut when the door closes: who comes until then is told to open the next one elsewhere.
    if (health.isDraining) reply.header('connection', 'close');
    runInContext({ requestId: request.id, deadlineAt: performance.now() + config.REQUEST_DEADLINE_MS }, done);
  });
  refuseOddMethods(fastify);
  observeRequests(fastify, log);
  const routes = collectRoutes(fastify);
  app.useGlobalFilters(new ProblemFilter(log));
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: invalidRequest }));
  return () => answerOtherMethods(fastify, routes);
}

/** TRACE, PROPFIND and the like are possible nowhere. */
function refuseOddMethods(fastify: FastifyInstance): void {
  const known = new Set(ALL_METHODS);
  fastify.addHook('onRequest', ({ method }, reply, done) => {
    if (known.has(method)) return done();
    reply.header('allow', ALL_METHODS.join(', '));
    done(new AppError('method_not_allowed', `${method} is not possible here.`));
  });
}

/** Many clients name a content type with every request, also with those that have no content. */
function letDeletesBeEmpty(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (request.method === 'DELETE' && body === '') done(null);
    else void parseJson(request, body, done);
  });
}

/** What is no HTTP gets no request and no reply, only a socket to write to. */
function refuseMalformed({ code }: Error & { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const requestId = newRequestId();
  const [status, detail] =
    code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'The headers are larger than is accepted here.']
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request did not come to its end in time.']
        : ['400 Bad Request', 'This is not HTTP.'];
  const problem = problemOf(new AppError('invalid_request', detail), requestId);
  const body = JSON.stringify({ ...problem, status: Number(status.slice(0, 3)) });
  const headers = Object.entries({
    ...{ ...inert, connection: 'close', 'cache-control': 'no-store', 'x-request-id': requestId },
    ...{ 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body) },
  });
  socket.end(`HTTP/1.1 ${status}\r\n${headers.map((header) => `${header.join(': ')}\r\n`).join('')}\r\n${body}`);
  // Node would go on reading whatever else comes, for as long as it comes.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function observeRequests(fastify: FastifyInstance, log: Log): void {
  const total = counter('http_requests_total', 'HTTP requests', ['method', 'route', 'status']);
  const seconds = histogram('http_request_duration_seconds', 'Time to answer a request', ['method', 'route']);
  fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const { method } = request;
    const milliseconds = reply.elapsedTime;
    total.inc({ method, route, status: reply.statusCode });
    seconds.observe({ method, route }, milliseconds / 1000);
    const failure = failureOf(request);
    // An event stream lasts as long as its client listens.
    const isSlow = milliseconds > SLOW_MS && reply.getHeader('content-type') !== 'text/event-stream';
    const message = reply.statusCode >= 500 ? 'request failed' : isSlow ? 'slow request' : undefined;
    const fields = {
      requestId: request.id,
      method,
      url: loggedUrl(request.url),
      status: reply.statusCode,
      ms: Math.round(milliseconds * 10) / 10,
      code: failure?.code,
      reason: failure?.reason ?? (isSlow ? 'slow' : undefined),
    };
    if (message) log.pino.warn(fields, message);
    else log.pino.info(fields);
    done();
  });
}

/** What staff search for is mostly a customer's name or e-mail address, which belongs in no log. The edge does the same. */
export function loggedUrl(url: string): string {
  return url.replace(/^(\/(?:api\/staff|manage)\/[^?]*)\?.*/, '$1?…');
}

/** Methods by path, filled while routes are registered. */
type Routes = Map<string, Set<string>>;

function collectRoutes(fastify: FastifyInstance): Routes {
  const routes: Routes = new Map();
  fastify.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const methods = routes.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name.toUpperCase());
    routes.set(url, methods);
  });
  return routes;
}

/** Gives every known path an answer to the methods it does not have: 405, with those it has in Allow. */
function answerOtherMethods(fastify: FastifyInstance, routes: Routes): void {
  for (const [url, methods] of [...routes].filter(([path]) => !path.includes('*'))) {
    const others = ALL_METHODS.filter((method) => !methods.has(method));
    const allow = [...methods].join(', ');
    if (others.length === 0) continue;
    fastify.route({
      method: others,
      url,
      handler: (request, reply) => {
        void reply.header('allow', allow);
        throw new AppError('method_not_allowed', `${request.method} is not possible here, only ${allow}.`);
      },
    });
  }
}
