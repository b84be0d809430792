// The operations port: alive, ready, metrics. Never reachable through the public door.
import fastify, { type FastifyInstance } from 'fastify';
import type { Health } from './health.js';
import { withoutSchemas } from './http.js';
import { register } from './metrics.js';

/** Answers /livez from the start; /readyz says 503 until there is a `health` to ask. */
export function createOpsServer(health: () => Health | undefined): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true, schemaController: withoutSchemas });
  server.get('/livez', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const ready = health();
    if (!ready)
      return reply.code(503).send({ status: 'error', details: { process: { status: 'down', message: 'starting' } } });
    try {
      return await ready.ready();
    } catch (error) {
      return reply.code(503).send((error as { getResponse?: () => unknown }).getResponse?.() ?? { status: 'error' });
    }
  });
  server.get('/metrics', async (_request, reply) => {
    const text = await register.metrics();
    return reply.type(register.contentType).send(text);
  });
  return server;
}
