// Work that mostly waits for others, bounded per party it waits for: one that is slow uses up its own share, and neither
// holds up work for the others nor the round of a sweep that started it.
import type { Log } from './log.js';

/** How much there is room for, per share. */
export interface Room {
  names: string[];
  limits: number[];
}

/** More that is claimed at a time would only wait for connections. */
const BATCH = 50;

export class InFlight {
  private readonly counts = new Map<string, number>();
  private readonly running = new Set<Promise<void>>();

  constructor(
    /** How many pieces of work may be under way at a time, per share. */
    private readonly limit: number,
    private readonly log: Log,
  ) {}

  room(share: string): number {
    return Math.max(0, this.limit - (this.counts.get(share) ?? 0));
  }

  /** Does not wait for `work`, which is counted until it ends. */
  start(share: string, work: () => Promise<void>): void {
    this.count(share, 1);
    const ended = work()
      .catch((error: unknown) => this.log.warn({ err: error, share }, 'work in flight failed'))
      .finally(() => {
        this.count(share, -1);
        this.running.delete(ended);
      });
    this.running.add(ended);
  }

  /**
   * Starts what is due, as much as there is room for. Answers whether there may be more, for repeat(): a sweep goes on
   * claiming while there is room, however long what it has started takes.
   */
  async startDue<T extends { share: string }>(
    names: readonly string[],
    claim: (room: Room) => Promise<T[]>,
    work: (due: T) => Promise<void>,
  ): Promise<boolean> {
    const limits = names.map((name) => Math.min(this.room(name), BATCH));
    if (limits.every((limit) => limit === 0)) return false;
    const due = await claim({ names: [...names], limits });
    for (const each of due) this.start(each.share, () => work(each));
    return names.some((name, i) => limits[i]! > 0 && due.filter(({ share }) => share === name).length === limits[i]);
  }

  /** Resolves when all that was started has ended. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private count(share: string, change: number): void {
    this.counts.set(share, (this.counts.get(share) ?? 0) + change);
  }
}
