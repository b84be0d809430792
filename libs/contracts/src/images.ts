// Pictures of products: what staff see of an uploaded one, and what the catalog and the image worker tell each other.
import * as z from 'zod';
import { defineJobs } from './jobs.js';
import { ImageVariant } from './products.js';
import { Id, Text, Timestamp } from './values.js';

/** In the order in which they are taken. */
export const ImageStep = z.enum(['decode', 'resize', 'analyse', 'tag']);
export type ImageStep = z.infer<typeof ImageStep>;

export const ImageStatus = z.enum(['waiting', 'working', 'ready', 'failed']);
export type ImageStatus = z.infer<typeof ImageStatus>;

/** #rrggbb */
export const Color = z.string().regex(/^#[\da-f]{6}$/);

export const Image = z
  .object({
    id: Id,
    productId: Id,
    status: ImageStatus,
    reason: z.string().optional().meta({ description: 'Why it failed, in words' }),
    steps: z.array(z.object({ name: ImageStep, doneAt: Timestamp.nullable() })),
    variants: z.array(ImageVariant),
    colors: z.array(Color).meta({ description: 'The dominant ones, most of it first' }),
    tags: z.array(z.string()),
    placeholder: z.string().nullable().meta({ description: 'A tiny picture as a data: address, to show at once' }),
  })
  .meta({ id: 'Image' });
export type Image = z.infer<typeof Image>;

/** In the order in which a product shows them. */
export const ImageList = z.object({ items: z.array(Image) }).meta({ id: 'ImageList' });
export type ImageList = z.infer<typeof ImageList>;

export const ImageType = z.enum(['image/jpeg', 'image/png', 'image/webp', 'image/avif']);
export type ImageType = z.infer<typeof ImageType>;

/** Images of a product in the order in which they are to be shown; those that are not named follow. */
export const ImageOrder = z.strictObject({ ids: z.array(Id).max(100) });
export type ImageOrder = z.infer<typeof ImageOrder>;

/** SHA-256 of an original, in hex: the name of a picture, however many products show it. */
export const PictureHash = z.string().regex(/^[\da-f]{64}$/);

/** Keys in storage. Whatever is below media/ is public, and nothing else is. */
export const uploadKey = (id: string) => `uploads/${id}`;
export const originalKey = (picture: string) => `originals/${picture}`;
/** Everything that was ever made of a picture, so that it can be removed with it. */
export const mediaFolder = (picture: string) => `media/${picture.slice(0, 16)}`;
/** `file` is the SHA-256 of the file itself, in hex: what lies under a key never changes. */
export const mediaKey = (picture: string, file: string, extension: MediaExtension) =>
  `${mediaFolder(picture)}/${file.slice(0, 16)}.${extension}`;
export type MediaExtension = 'jpg' | 'webp' | 'avif';
export const MediaKey = z.string().regex(/^media\/[\da-f]{16}\/[\da-f]{16}\.(jpg|webp|avif)$/);

/** An original that lies in storage under a key of its own, until the catalog takes it over. */
export const Upload = z.object({
  key: z.string().regex(/^uploads\/[\da-f-]{36}$/),
  hash: PictureHash,
  type: ImageType,
  bytes: z.int().min(1),
});
export type Upload = z.infer<typeof Upload>;

/** A file in storage that browsers may load. */
export const StoredVariant = ImageVariant.omit({ url: true }).extend({ key: MediaKey });
export type StoredVariant = z.infer<typeof StoredVariant>;

/** What each step finds out; the next ones, and a worker that goes on where another died, build on it. */
export const stepResults = {
  decode: z.object({
    width: z.int().meta({ description: 'Upright, in pixels' }),
    height: z.int(),
    type: ImageType,
    transparent: z.boolean(),
    orientation: z.enum(['portrait', 'landscape', 'square']),
  }),
  resize: z.object({ variants: z.array(StoredVariant) }),
  analyse: z.object({
    colors: z.array(Color),
    placeholder: z.string(),
    /** 64 bits in hex: pictures that look alike differ in few of them. */
    perceptualHash: z.string().regex(/^[\da-f]{16}$/),
    /** 0 black to 1 white. */
    brightness: z.number().min(0).max(1),
  }),
  tag: z.object({ tags: z.array(Text.max(40)) }),
} as const satisfies Record<ImageStep, z.ZodType>;

export type StepResults = { [S in ImageStep]: z.infer<(typeof stepResults)[S]> };

/** Steps that are done, with what they found. */
export const DoneSteps = z.object(stepResults).partial();
export type DoneSteps = z.infer<typeof DoneSteps>;

/** One step, done. */
export const StepDone = z.discriminatedUnion('step', [
  z.object({ step: z.literal('decode'), result: stepResults.decode }),
  z.object({ step: z.literal('resize'), result: stepResults.resize }),
  z.object({ step: z.literal('analyse'), result: stepResults.analyse }),
  z.object({ step: z.literal('tag'), result: stepResults.tag }),
]);
export type StepDone = z.infer<typeof StepDone>;

export const imageWorkerJobs = defineJobs('image-worker', {
  /** Takes the steps of a picture that are not done. */
  processPicture: { payload: z.object({ hash: PictureHash }), slowMs: 30_000 },
});
