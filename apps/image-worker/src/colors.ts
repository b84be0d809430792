// The dominant colours of an image: k-means in OKLab (Björn Ottosson, 2020), where distances match what people see.
import { converter, formatHex } from 'culori';
import type { Pixels } from './sharp.js';

/** Lightness from 0 to 1; green to red and blue to yellow, each from about −0.4 to 0.4. */
type Lab = [l: number, a: number, b: number];

interface Cluster {
  center: Lab;
  /** Number of pixels. */
  size: number;
}

const GROUPS = 8;
const ROUNDS = 10;
/** Colours closer than this look the same to most people. */
const ALIKE = 0.08;
/** Colours that cover a smaller part of the image are left out. */
const DETAIL = 0.04;
const MAX_COLORS = 5;

const oklab = converter('oklab');

export function toLab(color: string | { mode: 'rgb'; r: number; g: number; b: number }): Lab {
  const { l, a, b } = oklab(color)!;
  return [l, a, b];
}

/** The square of the distance. */
export function distance(one: Lab, other: Lab): number {
  return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2;
}

/** In hex, the most frequent colour first. Pixels that are mostly transparent do not count. Deterministic. */
export function dominantColors(pixels: Pixels): { colors: string[]; brightness: number } {
  const points = visiblePoints(pixels);
  if (points.length === 0) return { colors: [], brightness: 1 };
  const clusters = merged(grouped(points)).filter(({ size }) => size >= points.length * DETAIL);
  const colors = clusters.slice(0, MAX_COLORS).map(({ center: [l, a, b] }) => formatHex({ mode: 'oklab', l, a, b }));
  const brightness = points.reduce((sum, [l]) => sum + l, 0) / points.length;
  return { colors: [...new Set(colors)], brightness: Math.min(1, Math.max(0, brightness)) };
}

function visiblePoints({ data, channels }: Pixels): Lab[] {
  const points: Lab[] = [];
  for (let i = 0; i < data.length; i += channels) {
    if (channels === 4 && data[i + 3]! < 128) continue;
    points.push(toLab({ mode: 'rgb', r: data[i]! / 255, g: data[i + 1]! / 255, b: data[i + 2]! / 255 }));
  }
  return points;
}

function grouped(points: Lab[]): Cluster[] {
  let centers = farApart(points);
  let clusters: Cluster[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const sums = centers.map(() => ({ l: 0, a: 0, b: 0, size: 0 }));
    for (const point of points) {
      const sum = sums[nearest(point, centers)]!;
      sum.l += point[0];
      sum.a += point[1];
      sum.b += point[2];
      sum.size++;
    }
    clusters = sums
      .filter(({ size }) => size > 0)
      .map(({ l, a, b, size }) => ({ center: [l / size, a / size, b / size], size }));
    centers = clusters.map(({ center }) => center);
  }
  return clusters;
}

/** Deterministic initial centers: each is the point farthest from those before it. */
function farApart(points: Lab[]): Lab[] {
  const centers = [points[0]!];
  const gaps = points.map((point) => distance(point, centers[0]!));
  while (centers.length < GROUPS) {
    const next = points[gaps.indexOf(Math.max(...gaps))]!;
    centers.push(next);
    points.forEach((point, i) => (gaps[i] = Math.min(gaps[i]!, distance(point, next))));
  }
  return centers;
}

function nearest(point: Lab, centers: Lab[]): number {
  let best = 0;
  for (let i = 1; i < centers.length; i++) if (distance(point, centers[i]!) < distance(point, centers[best]!)) best = i;
  return best;
}

/** Joins clusters that look the same; the largest comes first. */
function merged(clusters: Cluster[]): Cluster[] {
  const result: Cluster[] = [];
  for (const { center, size } of clusters.toSorted((a, b) => b.size - a.size)) {
    const like = result.find((other) => distance(other.center, center) < ALIKE ** 2);
    if (like) like.size += size;
    else result.push({ center, size });
  }
  return result.sort((a, b) => b.size - a.size);
}
