// Bull Board, read-only: jobs are managed by the services. It runs on a Fastify of its own that listens on no port.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { KitConfig } from '@shop/kit/kit.config';
import type { Log } from '@shop/kit/log';
import { prefixOf } from '@shop/kit/queue';
import { connectRedis } from '@shop/kit/redis';
import { Queue } from 'bullmq';
import { fastify, type HTTPMethods } from 'fastify';
import { queueNames } from './queue-health.js';

const PATH = '/staff/queues';

export interface QueuePage {
  answer(method: string, url: string): Promise<{ statusCode: number; headers: object; body: Buffer }>;
  close(): Promise<void>;
}

export async function openQueuePage(config: KitConfig, log: Log): Promise<QueuePage> {
  const connection = connectRedis(config.REDIS_STATE_URL, log, 'queue page', {
    commandTimeout: 2000,
    lazyConnect: false,
  });
  // Otherwise BullMQ asks Redis for its version once, and fails for ever if that answer is late.
  const options = { connection, skipVersionCheck: true };
  const queues = queueNames.map((name) => new Queue(name, { ...options, prefix: prefixOf(name) }));
  for (const queue of queues) queue.on('error', () => undefined); // connectRedis logs each outage once.
  const server = fastify();
  const page = new FastifyAdapter();
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: page,
    options: {
      uiConfig: { boardTitle: 'Shop' },
      // In a container image Bull Board does not find its own UI package.
      uiBasePath: dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json')),
    },
  });
  page.setBasePath(PATH);
  await server.register(page.registerPlugin(), { prefix: PATH });
  return {
    answer: async (method, url) => {
      const { statusCode, headers, rawPayload } = await server.inject({ method: method as HTTPMethods, url });
      return { statusCode, headers, body: rawPayload };
    },
    close: async () => {
      await server.close();
      for (const queue of queues) queue.disconnect().catch(() => undefined);
      connection.disconnect();
    },
  };
}
