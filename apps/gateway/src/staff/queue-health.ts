// How every queue stands. Apart, because it loads what a gateway without staff need not spend its memory on.
import type { QueueHealth } from '@shop/contracts/staff';
import type { KitConfig } from '@shop/kit/kit.config';
import type { Log } from '@shop/kit/log';
import { Queues } from '@shop/kit/queue';
import { queueNames } from './queue-names.js';

export interface QueueReads {
  /** Fails fast when Redis is away. */
  all(): Promise<QueueHealth[]>;
  close(): void;
}

export function openQueueReads(config: KitConfig, log: Log): QueueReads {
  const queues = new Queues(config, log);
  return {
    all: () => Promise.all(queueNames.map(async (name) => ({ name, ...(await queues.health(name)) }))),
    close: () => queues.onApplicationShutdown(),
  };
}
