// What a study leaves behind: loadtest/results/<date>-<machine>.json
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

/** How many times as much as one replica, per replica. */
export function efficiency(points: readonly Point[], { replicas, knee }: Point): number {
  const one = points.find((point) => point.replicas === 1);
  return one ? knee / (one.knee * replicas) : NaN;
}

/** How far the busiest and the idlest replica are from their due, as a part of it. */
export function unevenness(shares: readonly number[]): number {
  return Math.max(...shares.map((share) => Math.abs(share * shares.length - 1)));
}
