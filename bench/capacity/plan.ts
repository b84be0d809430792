// From the CPU that one page and one order cost, what so many of them need.
import type { Result } from './result.ts';

/** Of what a replica could carry, this much is used: the rest is for the next spike and for replicas that are gone. */
const USED = 0.6;
/** One may always be gone. */
const FEWEST = 2;

export interface Need {
  what: string;
  /** Busy, on average. */
  cores: number;
  /** With a core each. */
  replicas: number;
}

/** `pages` a second that no cache in front answers, `orders` a second. */
export function needs({ subjects }: Result, pages: number, orders: number): Need[] {
  const cost = (subject: string) => subjects.find(({ name }) => name === subject)?.points[0]?.at.cpuPerAction ?? {};
  const [page, order] = [cost('browse'), cost('checkout')];
  const names = [...new Set([...Object.keys(page), ...Object.keys(order)])].filter((name) => name !== 'load generator');
  return names.map((what) => {
    const cores = (pages * (page[what] ?? 0) + orders * (order[what] ?? 0)) / 1e6;
    return { what, cores, replicas: Math.max(FEWEST, Math.ceil(cores / USED)) };
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
