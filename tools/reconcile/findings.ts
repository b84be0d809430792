// Collects disagreements and checks them again after a while.
import { setTimeout as sleep } from 'node:timers/promises';
import { streamNames, type Finding, type StreamName, type Streams } from './streams.ts';

/** Ids by stream. */
export type Disagreeing = Record<StreamName, string[]>;

/** A run stops after this many disagreements. */
export const MAX_DISAGREEING = 10_000;

export class Findings {
  private readonly suspects: Record<StreamName, Set<string>> = {
    orders: new Set(),
    transactions: new Set(),
    accounts: new Set(),
  };
  private readonly streams: Streams;

  constructor(streams: Streams) {
    this.streams = streams;
  }

  get size(): number {
    return streamNames.reduce((sum, name) => sum + this.suspects[name].size, 0);
  }

  /** Compares all ids in (after, upTo], range by range; resolves to the number of orders. */
  async compare(
    name: StreamName,
    after: string,
    upTo: string,
    also?: (after: string, upTo: string) => Promise<void>,
  ): Promise<number> {
    let orders = 0;
    for await (const range of this.streams[name].ranges(after, upTo)) {
      this.add(name, range.findings);
      orders += range.orders;
      await also?.(range.after, range.upTo);
    }
    return orders;
  }

  async check(name: StreamName, ids: string[]): Promise<void> {
    this.add(name, await this.streams[name].of(ids));
  }

  add(name: StreamName, findings: Finding[]): void {
    this.suspect(
      name,
      findings.map(({ id }) => id),
    );
  }

  suspect(name: StreamName, ids: string[]): void {
    for (const id of ids) this.suspects[name].add(id);
  }

  /** Waits for the grace period, then checks all suspects again. */
  async checkAgain(graceSeconds: number): Promise<{ lines: string[]; disagreeing: Disagreeing }> {
    const lines: string[] = [];
    const disagreeing: Disagreeing = { orders: [], transactions: [], accounts: [] };
    if (streamNames.some((name) => this.suspects[name].size > 0)) await sleep(graceSeconds * 1000);
    for (const name of streamNames)
      for (const finding of await this.streams[name].of([...this.suspects[name]])) {
        lines.push(...finding.lines);
        if (disagreeing[name].length < MAX_DISAGREEING) disagreeing[name].push(finding.id);
      }
    return { lines, disagreeing };
  }
}
