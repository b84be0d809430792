// Searches for the saturation point: the highest rate that a system carries.

export interface Search {
  /** The first rate tried; need not be close. */
  first: number;
  /** Factor between rates until the saturation point is bracketed. */
  stride: number;
  /** The result may be too low by this factor. */
  resolution: number;
  /** No further rate is tried after this time, as of performance.now(). */
  endsAt: number;
}

export interface SaturationPoint {
  /** The highest rate that was carried; 0 when none was. */
  carried: number;
  /** The lowest one that was not; Infinity when all were. */
  tooMuch: number;
}

/** Brackets the saturation point, then bisects. */
export async function findSaturationPoint(
  carries: (rate: number) => Promise<boolean>,
  { first, stride, resolution, endsAt }: Search,
): Promise<SaturationPoint> {
  const point: SaturationPoint = { carried: 0, tooMuch: Infinity };
  for (let rate = first; performance.now() < endsAt; rate = next(point, stride)) {
    if (await carries(rate)) point.carried = rate;
    else point.tooMuch = rate;
    if (point.tooMuch / point.carried <= resolution) break;
  }
  return point;
}

function next({ carried, tooMuch }: SaturationPoint, stride: number): number {
  if (tooMuch === Infinity) return carried * stride;
  if (carried === 0) return tooMuch / stride;
  return Math.sqrt(carried * tooMuch);
}
