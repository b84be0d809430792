// The subjects of the study: the replicated services, their load, and the metrics that count their work.
import type { ServiceName } from '@shop/tools/services';

export interface Subject {
  name: 'browse' | 'checkout';
  /** The flow of the load test, whose thresholds decide. */
  flow: string;
  /** Describes one action of the flow. */
  action: string;
  /** Cores of each replica on a machine with two cores. */
  caps: Partial<Record<ServiceName, number>>;
  /** Services with one uncapped process each. */
  others: ServiceName[];
  /** Expected actions per second of one replica of each, where the search begins. */
  first: number;
  /** The metric that counts the work of a replica. */
  work: Partial<Record<ServiceName, RegExp>>;
}

const rpc = /^rpc_server_requests_total\{.*\} (\d+)$/gm;

export const subjects: Subject[] = [
  {
    name: 'browse',
    flow: 'browse',
    action: 'a page',
    caps: { gateway: 0.05, catalog: 0.05 },
    others: [],
    first: 24,
    work: { gateway: /^http_requests_total\{.*\} (\d+)$/gm, catalog: rpc },
  },
  {
    name: 'checkout',
    flow: 'order',
    action: 'an order, from the empty cart until it is paid',
    caps: { orders: 0.04, payments: 0.03 },
    others: ['gateway', 'accounts', 'catalog'],
    first: 2,
    work: { orders: rpc, payments: /^jobs_total\{.*job="chargePayment".*\} (\d+)$/gm },
  },
];
