// What a study leaves behind: bench/results/<date>-<machine>.json
import type { Point } from './study.ts';

export interface Result {
  date: string;
  machine: string;
  commit: string;
  /** What ran beside k6 and the shop. */
  versions: Record<string, string>;
  loadAverageBefore: number;
  minutes: number;
  subjects: {
    name: string;
    action: string;
    /** Cores of each replica, by service. */
    caps: Record<string, number>;
    points: Point[];
  }[];
}

/** How many times as much as one replica, per replica; as the fewest that were measured, where one was not. */
export function efficiency(points: readonly Point[], { replicas, knee }: Point): number {
  const fewest = points[0]!;
  return knee / replicas / (fewest.knee / fewest.replicas);
}

/** How far the busiest and the idlest replica are from their due, as a part of it. */
export function unevenness(shares: readonly number[]): number {
  return Math.max(...shares.map((share) => Math.abs(share * shares.length - 1)));
}
