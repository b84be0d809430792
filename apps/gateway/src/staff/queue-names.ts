import { imageWorkerJobs } from '@shop/contracts/images';
import { ordersJobs } from '@shop/contracts/orders';
import { paymentsJobs } from '@shop/contracts/payments';

const jobs = [ordersJobs, paymentsJobs, imageWorkerJobs].flatMap((table) => Object.values(table));

/** Every queue that jobs are promised for. */
export const queueNames = [...new Set(jobs.map(({ queue }) => queue))];
