// The highest rate that is carried, by trying.

export interface Search {
  /** Where to begin; need not be near. */
  first: number;
  /** By what to multiply while nothing is known above or below. */
  stride: number;
  /** The answer may be too low by this factor. */
  resolution: number;
  /** performance.now() after which no further rate is tried. */
  endsAt: number;
}

export interface Knee {
  /** The highest rate that was carried; 0 when none was. */
  carried: number;
  /** The lowest one that was not; Infinity when all were. */
  tooMuch: number;
}

/** Widens until one rate is carried and one is not, then halves what is between them. */
export async function findKnee(
  carries: (rate: number) => Promise<boolean>,
  { first, stride, resolution, endsAt }: Search,
): Promise<Knee> {
  const knee: Knee = { carried: 0, tooMuch: Infinity };
  for (let rate = first; performance.now() < endsAt; rate = next(knee, stride)) {
    if (await carries(rate)) knee.carried = rate;
    else knee.tooMuch = rate;
    if (knee.tooMuch / knee.carried <= resolution) break;
  }
  return knee;
}

function next({ carried, tooMuch }: Knee, stride: number): number {
  if (tooMuch === Infinity) return carried * stride;
  if (carried === 0) return tooMuch / stride;
  return Math.sqrt(carried * tooMuch);
}
