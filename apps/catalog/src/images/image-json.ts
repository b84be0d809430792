// From rows of `images` and `pictures` to what staff and shoppers see.
import { ImageStep, type DoneSteps, type Image, type StepResults, type StoredVariant } from '@shop/contracts/images';
import type { ProductImage } from '@shop/contracts/products';

/** The tick list. */
export type Steps = { [S in ImageStep]?: { doneAt: string; result: StepResults[S] } };

export interface ImageRow {
  id: string;
  product_id: string;
  status: Image['status'];
  reason: string | null;
  steps: Steps;
  shown: StepResults | null;
}

/** Of `images i join pictures p`. */
export const imageColumns = 'i.id, i.product_id, p.status, p.reason, p.steps, p.shown';

/** What shoppers see of a picture. */
export interface ShownImageRow {
  id: string;
  alt: string;
  variants: StoredVariant[];
  placeholder: string;
}

/** Of `images i join pictures pic` where pic.shown is not null, for a product p; a JSON object. */
export const shownImage = `jsonb_build_object('id', i.id, 'alt', coalesce(i.alt, p.name),
  'variants', pic.shown->'resize'->'variants', 'placeholder', pic.shown->'analyse'->'placeholder')`;

export function resultsOf(steps: Steps): DoneSteps {
  return Object.fromEntries(Object.entries(steps).map(([name, { result }]) => [name, result]));
}

/** What was found out the last time, until all is found out anew. */
export function toImage(row: ImageRow, mediaUrl: string): Image {
  const { resize, analyse, tag } = row.shown ?? resultsOf(row.steps);
  return {
    id: row.id,
    productId: row.product_id,
    status: row.status,
    ...(row.reason !== null && { reason: row.reason }),
    steps: ImageStep.options.map((name) => ({ name, doneAt: row.steps[name]?.doneAt ?? null })),
    variants: (resize?.variants ?? []).map((variant) => withUrl(variant, mediaUrl)),
    colors: analyse?.colors ?? [],
    tags: tag?.tags ?? [],
    placeholder: analyse?.placeholder ?? null,
  };
}

/** Variants that are wider than `maxWidth` are left out. */
export function toProductImage(row: ShownImageRow, mediaUrl: string, maxWidth = Infinity): ProductImage {
  const { id, alt, variants, placeholder } = row;
  const shown = variants.filter(({ width }) => width <= maxWidth);
  return { id, alt, placeholder, variants: shown.map((variant) => withUrl(variant, mediaUrl)) };
}

function withUrl({ name, width, height, type, key }: StoredVariant, mediaUrl: string) {
  return { name, width, height, type, url: mediaUrl + key.slice('media'.length) };
}
