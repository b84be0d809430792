// Metrics of calls. On the hot path a call only increments numbers; names and labels are added once per scrape, when
// Prometheus asks.
import { register, type Metric } from 'prom-client';
import type { Balancer } from './balancer.js';
import type { Durations, Sample } from './durations.js';
import type { Endpoint } from './endpoint.js';
import type { Target } from './target.js';

interface ClientSource {
  service: string;
  balancer: Balancer;
  durations: Durations;
}
interface ServerSource {
  targets: ReadonlyMap<string, Target>;
  readonly inFlight: number;
}

/** The open clients and servers of this process. */
export const clientSources = new Set<ClientSource>();
export const serverSources = new Set<ServerSource>();

function* perAddress(value: (endpoint: Endpoint) => number): Generator<Sample> {
  for (const { service, balancer } of clientSources)
    for (const endpoint of balancer.all) yield { labels: { service, address: endpoint.name }, value: value(endpoint) };
}

function* clientRequests(): Generator<Sample> {
  for (const { service, balancer } of clientSources)
    for (const { name: address, outcomes } of balancer.all)
      for (const [outcome, value] of Object.entries(outcomes)) yield { labels: { service, address, outcome }, value };
}

function* clientDurations(name: string): Generator<Sample> {
  for (const { service, durations } of clientSources) yield* durations.samples(name, { service });
}

function* serverRequests(): Generator<Sample> {
  for (const { targets } of serverSources)
    for (const [procedure, { outcomes }] of targets)
      for (const [outcome, value] of Object.entries(outcomes)) yield { labels: { procedure, outcome }, value };
}

function* serverDurations(name: string): Generator<Sample> {
  for (const { targets } of serverSources)
    for (const [procedure, { durations }] of targets) yield* durations.samples(name, { procedure });
}

function* serverInFlight(): Generator<Sample> {
  for (const { inFlight } of serverSources) yield { labels: {}, value: inFlight };
}

type Collect = (name: string) => Iterable<Sample>;

/** Registers a metric with prom-client's own interface. */
function expose(name: string, type: 'counter' | 'gauge' | 'histogram', help: string, collect: Collect): void {
  const get = () => Promise.resolve({ name, help, type, values: [...collect(name)], aggregator: 'sum' });
  register.registerMetric({ name, get, reset: () => undefined } as unknown as Metric);
}

expose('rpc_client_requests_total', 'counter', 'Tries of calls by outcome', clientRequests);
expose(
  'rpc_client_duration_seconds',
  'histogram',
  'Time until calls were answered, all tries together',
  clientDurations,
);
expose('rpc_client_outstanding', 'gauge', 'Calls awaiting their answer', () =>
  perAddress((endpoint) => endpoint.outstanding),
);
expose('rpc_client_ejected', 'gauge', '1 for an address that gets no calls because it failed', () =>
  perAddress((endpoint) => Number(endpoint.isExcluded)),
);
expose('rpc_server_requests_total', 'counter', 'Calls by outcome', serverRequests);
expose('rpc_server_duration_seconds', 'histogram', 'Time that procedures ran', serverDurations);
expose('rpc_server_in_flight', 'gauge', 'Calls running or queued', serverInFlight);
