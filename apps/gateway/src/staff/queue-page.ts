// Bull Board in a Fastify of its own, which listens nowhere: it is asked by the gateway.
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
import { queueNames } from './queue-names.js';

const PATH = '/staff/queues';

export interface QueuePage {
  answer(method: string, url: string): Promise<{ statusCode: number; headers: object; body: Buffer }>;
  close(): Promise<void>;
}

/** Only to look at: jobs come and go by themselves, and what became of them is in the databases. */
export async function openQueuePage(config: KitConfig, log: Log): Promise<QueuePage> {
  const connection = connectRedis(config.REDIS_STATE_URL, log, 'queue page', {
    commandTimeout: 2000,
    lazyConnect: false,
  });
  // BullMQ would ask Redis for its version first, once, and fail for ever if that answer was late.
  const options = { connection, skipVersionCheck: true };
  const queues = queueNames.map((name) => new Queue(name, { ...options, prefix: prefixOf(name) }));
  for (const queue of queues) queue.on('error', () => undefined); // Told once per outage by connectRedis.
  const server = fastify();
  const page = new FastifyAdapter();
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: page,
    options: {
      uiConfig: { boardTitle: 'Shop' },
      // It finds them itself only where its own code lies beside them: not in an image.
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
