// Which of the servers that are ready gets the next call.

export interface Candidate {
  /** Our own calls it has not answered yet. */
  readonly outstanding: number;
  /** Everybody's, as far as it told us. */
  readonly load: number;
}

/** `candidates` is never empty. */
export type Choose = <T extends Candidate>(candidates: readonly T[]) => T;

const outstandingOf = (candidate: Candidate) => candidate.outstanding;
const loadOf = (candidate: Candidate) => candidate.load;

/** Each strategy may keep something from call to call, so every client makes its own. */
export const strategies = {
  /** Fewest of our own calls waiting: slow servers get less by themselves. The best choice unless you know better. */
  'least-outstanding': () => least(outstandingOf),
  'round-robin': roundRobin,
  random: () => random,
  /** The better of two taken at random (Mitzenmacher, 2001): callers that know little of each other do not flock. */
  'power-of-two': () => powerOfTwo,
  /** Fewest calls of all callers, as the servers tell with each answer. Better than our own view when callers are many. */
  'least-load': () => least(loadOf),
} satisfies Record<string, () => Choose>;

export type StrategyName = keyof typeof strategies;

/** Starts looking one further each time, so that equals take turns. */
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
