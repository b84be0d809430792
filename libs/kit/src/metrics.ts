// Prometheus metrics, in prom-client's default registry. Start a name with its subject, end it with its unit.
import { durationBuckets } from '@shop/rpc/durations';
import { Counter, Gauge, Histogram, collectDefaultMetrics, register } from 'prom-client';

export function counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
  return (register.getSingleMetric(name) as Counter<L> | undefined) ?? new Counter({ name, help, labelNames });
}

export function gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
  return (register.getSingleMetric(name) as Gauge<L> | undefined) ?? new Gauge({ name, help, labelNames });
}

export function histogram<L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
  return (
    (register.getSingleMetric(name) as Histogram<L> | undefined) ??
    new Histogram({ name, help, labelNames, buckets: durationBuckets })
  );
}

/** Process, heap and event loop. Once per process. */
export function collectProcessMetrics(): void {
  // A sample of the event loop's delay wakes the process: every 10 ms, the default, takes 1 % of a core when idle.
  if (!register.getSingleMetric('process_cpu_user_seconds_total'))
    collectDefaultMetrics({ eventLoopMonitoringPrecision: 100 });
}

export { register };
