// How one of the ready servers is chosen for a call.

export interface Candidate {
  /** Our own calls that it has not answered yet. */
  readonly outstanding: number;
  /** The calls of all callers, as last reported by the server. */
  readonly load: number;
}

/** `candidates` is never empty. */
export type Choose = <T extends Candidate>(candidates: readonly T[]) => T;

/** Factories, because a strategy may keep state from call to call. */
export const strategies = {
  /** Fewest of our own calls outstanding, so slow servers get fewer. The best choice in general. */
  'least-outstanding': () => least((candidate) => candidate.outstanding),
  'round-robin': roundRobin,
  random: () => random,
  /** The better of two at random (Mitzenmacher, 2001): callers that see little of each other do not all pick one server. */
  'power-of-two': () => powerOfTwo,
  /** Fewest calls of all callers, as servers report with each answer. Better than our own view when callers are many. */
  'least-load': () => least((candidate) => candidate.load),
} satisfies Record<string, () => Choose>;

export type StrategyName = keyof typeof strategies;

/** Starts at the next candidate each time, so that equal ones take turns. */
function least(weigh: (candidate: Candidate) => number): Choose {
  let first = 0;
  return (candidates) => {
    first = (first + 1) % candidates.length;
    let best = candidates[first]!;
    let bestWeight = weigh(best);
    for (let i = 1; i < candidates.length; i += 1) {
      const candidate = candidates[(first + i) % candidates.length]!;
      const weight = weigh(candidate);
      if (weight < bestWeight) [best, bestWeight] = [candidate, weight];
    }
    return best;
  };
}

function roundRobin(): Choose {
  let next = 0;
  return (candidates) => candidates[next++ % candidates.length]!;
}

const random: Choose = (candidates) => candidates[Math.floor(Math.random() * candidates.length)]!;

const powerOfTwo: Choose = (candidates) => {
  const one = random(candidates);
  const other = random(candidates);
  return other.outstanding < one.outstanding ? other : one;
};
