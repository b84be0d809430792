// k6's points.csv as lines over time.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Over {
  /** Since 1970. */
  startedAt: number;
  /** By second since then: requests a second, and the time that 95 % of them took at most, in ms. */
  rate: [number, number][];
  p95: [number, number][];
}

export async function overTime(file: string, windowSeconds = 5): Promise<Over> {
  const windows = new Map<number, number[]>();
  let flowAt = -1;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const cells = line.split(',');
    if (cells[0] === 'metric_name') flowAt = cells.indexOf('extra_tags');
    // Customers that are made beforehand are no visitors.
    if (cells[0] !== 'http_req_duration' || cells[flowAt]?.includes('flow=setup')) continue;
    const window = Math.floor(Number(cells[1]) / windowSeconds);
    const times = windows.get(window) ?? [];
    windows.set(window, times);
    times.push(Number(cells[2]));
  }
  const sorted = [...windows].sort(([a], [b]) => a - b).slice(0, -1); // the last window is not whole
  const first = sorted[0]?.[0] ?? 0;
  const at = (window: number) => (window - first) * windowSeconds;
  return {
    startedAt: first * windowSeconds,
    rate: sorted.map(([window, times]) => [at(window), times.length / windowSeconds]),
    p95: sorted.map(([window, times]) => [at(window), percentile(times, 0.95)]),
  };
}

export function percentile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
