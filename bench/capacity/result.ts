// The result of a study, stored in bench/results/<date>-<machine>.json.
import type { Point } from './study.ts';

export interface Result {
  date: string;
  machine: string;
  commit: string;
  /** Versions of the tools used. */
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

/** Throughput per replica relative to one replica, or to the smallest number measured. */
export function efficiency(points: readonly Point[], { replicas, saturationPoint }: Point): number {
  const fewest = points[0]!;
  return saturationPoint / replicas / (fewest.saturationPoint / fewest.replicas);
}

/** The largest deviation of a replica from an even share, relative to that share. */
export function unevenness(shares: readonly number[]): number {
  return Math.max(...shares.map((share) => Math.abs(share * shares.length - 1)));
}
