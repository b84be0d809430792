// From rows of images and their files to the JSON that staff and shoppers see.
import { ImageStep, type DoneSteps, type Image, type StepResults, type StoredVariant } from '@shop/contracts/images';
import type { ProductImage } from '@shop/contracts/products';

/** The checklist. */
export type Steps = { [S in ImageStep]?: { doneAt: string; result: StepResults[S] } };

/** An image with the state of its file. */
export interface ImageRow {
  id: string;
  product_id: string;
  status: Image['status'];
  reason: string | null;
  steps: Steps;
  shown: StepResults | null;
}

/** For `images i join pictures p`. */
export const imageColumns = 'i.id, i.product_id, p.status, p.reason, p.steps, p.shown';

/** The part of an image that shoppers see. */
export interface ShownImageRow {
  id: string;
  alt: string;
  variants: StoredVariant[];
  placeholder: string;
}

/** A JSON object for `images i join pictures pic` where pic.shown is not null, of a product p. */
export const shownImage = `jsonb_build_object('id', i.id, 'alt', coalesce(i.alt, p.name),
  'variants', pic.shown->'resize'->'variants', 'placeholder', pic.shown->'analyse'->'placeholder')`;

export function resultsOf(steps: Steps): DoneSteps {
  return Object.fromEntries(Object.entries(steps).map(([name, { result }]) => [name, result]));
}

/** Shows the previous results until all steps are done again. */
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

/** Leaves out variants wider than `maxWidth`. */
export function toProductImage(row: ShownImageRow, mediaUrl: string, maxWidth = Infinity): ProductImage {
  const { id, alt, variants, placeholder } = row;
  const shown = variants.filter(({ width }) => width <= maxWidth);
  return { id, alt, placeholder, variants: shown.map((variant) => withUrl(variant, mediaUrl)) };
}

function withUrl({ name, width, height, type, key }: StoredVariant, mediaUrl: string) {
  return { name, width, height, type, url: mediaUrl + key.slice('media'.length) };
}
