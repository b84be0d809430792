// The floor of a product page: plain Fastify that responds with bytes from Redis. Runs as its own process.
import fastify from 'fastify';
import { Redis } from 'ioredis';

const [redisUrl, key, port] = process.argv.slice(2) as [string, string, string];
const redis = new Redis(redisUrl, { enableAutoPipelining: true });
const server = fastify({ logger: false });
server.get('/api/products/:product', async (_request, reply) => {
  const body = await redis.getBuffer(key);
  return reply.type('application/json').send(body);
});
await server.listen({ host: '127.0.0.1', port: Number(port) });
process.send?.('ready');
