// What is measured: which services get more replicas, what they are loaded with, and how many requests each took.
import type { ServiceName } from '@shop/tools/services';

export interface Subject {
  name: 'browse' | 'checkout';
  /** The load test's flow, whose thresholds decide. */
  flow: string;
  /** What one action of it is, in words. */
  action: string;
  /** Cores of each replica, on a machine with two. */
  caps: Partial<Record<ServiceName, number>>;
  /** One uncapped process of each. */
  others: ServiceName[];
  /** Actions a second that one replica of each may carry: where the search begins. */
  first: number;
  /** What counts the work of a replica, in its metrics. */
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
