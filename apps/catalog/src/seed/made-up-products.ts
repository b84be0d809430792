// Made-up products for load tests: plausible, all different, and the same every time.
import words from './words.json' with { type: 'json' };

export interface SeedProduct {
  category: string;
  name: string;
  description: string;
  priceCents: number;
  stock: number;
  featured: boolean;
  tags: string[];
}

const categories = Object.entries(words.categories);
/** A prime that divides no number of combinations: stepping by it meets each one once, in a mixed order. */
const STEP = 7919;

/** The `index`-th of them, one category after the other. Different up to 8 × 20 × 16 × 12 × 6 = 184,320. */
export function madeUpProduct(index: number): SeedProduct {
  const [category, { materials, things, openers, middles }] = categories[index % categories.length]!;
  const goods = Object.entries(things);
  const { series, colours, closers } = words;
  const combinations = series.length * colours.length * goods.length * materials.length;

  let rest = (Math.floor(index / categories.length) * STEP) % combinations;
  const take = <T>(from: readonly T[]): T => {
    const item = from[rest % from.length]!;
    rest = Math.floor(rest / from.length);
    return item;
  };
  const [thing, basePriceCents] = take(goods);
  const material = take(materials);
  const colour = take(colours);
  const collection = take(series);

  const luck = scatter(index);
  return {
    category,
    name: `${collection} ${material} ${thing}, ${colour}`,
    description: [openers, middles, closers].map((texts, i) => texts[(luck >>> (4 * i)) % texts.length]).join(' '),
    priceCents: Math.round((basePriceCents * (70 + (luck % 80))) / 10_000) * 100,
    stock: luck % 25 === 0 ? 0 : 1 + (luck % 97),
    featured: luck % 2000 === 7,
    tags: [material.toLowerCase(), colour.toLowerCase()],
  };
}

/** Knuth's multiplicative hash: neighbours get numbers far apart. */
function scatter(index: number): number {
  return (Math.imul(index + 1, 2654435761) >>> 4) & 0xfffffff;
}
