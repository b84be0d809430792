// Generated products for load tests: plausible, all different, and the same every time.
import type { NewProduct } from '@shop/contracts/products';
import words from './words.json' with { type: 'json' };

export type SeedProduct = NewProduct & { tags: string[] };

const categories = Object.entries(words.categories);
/**
 * A prime that divides no number of combinations, so that steps of it reach each combination once, in a mixed order.
 */
const STEP = 7919;

/** Categories take turns. The first 8 × 20 × 16 × 12 × 6 = 184,320 products are all different. */
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

/** Knuth's multiplicative hash: gives neighbours numbers far apart. */
function scatter(index: number): number {
  return (Math.imul(index + 1, 2654435761) >>> 4) & 0xfffffff;
}
