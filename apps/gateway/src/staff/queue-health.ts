// The state of every queue. Loaded on first use, because BullMQ takes memory that a gateway without staff does not need.
import { imageWorkerJobs } from '@shop/contracts/images';
import { ordersJobs } from '@shop/contracts/orders';
import { paymentsJobs } from '@shop/contracts/payments';
import type { QueueHealth } from '@shop/contracts/staff';
import type { Queues } from '@shop/kit/queue';

export { Queues } from '@shop/kit/queue';

const jobs = [ordersJobs, paymentsJobs, imageWorkerJobs].flatMap((table) => Object.values(table));
export const queueNames = [...new Set(jobs.map(({ queue }) => queue))];

/** Fails fast when Redis is down. */
export function readQueues(queues: Queues): Promise<QueueHealth[]> {
  return Promise.all(queueNames.map(async (name) => ({ name, ...(await queues.health(name)) })));
}
