// Estimates the replicas for a load from the CPU of one page and one order.
import type { Result } from './result.ts';

/** Utilisation of a replica: the rest is headroom for spikes and failed replicas. */
const UTILISATION = 0.6;
/** One replica may fail. */
const MIN_REPLICAS = 2;

export interface Need {
  what: string;
  /** Busy cores, on average. */
  cores: number;
  /** Replicas with one core each. */
  replicas: number;
}

/** For `pages` per second that reach the gateways, and `orders` per second. */
export function needs({ subjects }: Result, pages: number, orders: number): Need[] {
  const cost = (subject: string) => subjects.find(({ name }) => name === subject)?.points[0]?.at.cpuPerAction ?? {};
  const [page, order] = [cost('browse'), cost('checkout')];
  const names = [...new Set([...Object.keys(page), ...Object.keys(order)])].filter((name) => name !== 'load generator');
  return names.map((what) => {
    const cores = (pages * (page[what] ?? 0) + orders * (order[what] ?? 0)) / 1e6;
    return { what, cores, replicas: Math.max(MIN_REPLICAS, Math.ceil(cores / UTILISATION)) };
  });
}

export function planTable(result: Result, cases: readonly (readonly [pages: number, orders: number])[]): string[] {
  const columns = cases.map(([pages, orders]) => needs(result, pages, orders));
  const heads = cases.map(([pages, orders]) => `${pages} pages/s, ${orders} orders/s`);
  const rows = columns[0]!.map(({ what }, i) => {
    const cells = columns.map((column) => `${column[i]!.cores.toFixed(2)} → ${column[i]!.replicas}`);
    return `| ${what} | ${cells.join(' | ')} |`;
  });
  return [`| | ${heads.join(' | ')} |`, `| --- | ${heads.map(() => '---').join(' | ')} |`, ...rows];
}
