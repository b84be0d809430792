// Images of products: what staff see of them, and the messages between the catalog and the image worker.
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
    colors: z.array(Color).meta({ description: 'Dominant colours, the most frequent first' }),
    tags: z.array(z.string()),
    placeholder: z.string().nullable().meta({ description: 'A tiny image as a data: URL, to show at once' }),
  })
  .meta({ id: 'Image' });
export type Image = z.infer<typeof Image>;

/** In the order in which a product shows them. */
export const ImageList = z.object({ items: z.array(Image) }).meta({ id: 'ImageList' });
export type ImageList = z.infer<typeof ImageList>;

export const ImageType = z.enum(['image/jpeg', 'image/png', 'image/webp', 'image/avif']);
export type ImageType = z.infer<typeof ImageType>;

/** The new order of a product's images; images that are not named follow. */
export const ImageOrder = z.strictObject({ ids: z.array(Id).max(100) });
export type ImageOrder = z.infer<typeof ImageOrder>;

/** SHA-256 of an original, in hex. Images with the same hash share one file, which is processed once. */
export const ImageHash = z.string().regex(/^[\da-f]{64}$/);

/** Keys in storage. Only files below media/ are public. */
export const uploadKey = (id: string) => `uploads/${id}`;
export const originalKey = (hash: string) => `originals/${hash}`;
/** Has everything that was ever made of an original, so that it can be removed with it. */
export const mediaFolder = (hash: string) => `media/${hash.slice(0, 16)}`;
/** `file` is the SHA-256 of the file itself, in hex, so the content of a key never changes. */
export const mediaKey = (original: string, file: string, extension: MediaExtension) =>
  `${mediaFolder(original)}/${file.slice(0, 16)}.${extension}`;
export type MediaExtension = 'jpg' | 'webp' | 'avif';
export const MediaKey = z.string().regex(/^media\/[\da-f]{16}\/[\da-f]{16}\.(jpg|webp|avif)$/);

/** An original in storage that the catalog has not taken over yet. */
export const Upload = z.object({
  key: z.string().regex(/^uploads\/[\da-f-]{36}$/),
  hash: ImageHash,
  type: ImageType,
  bytes: z.int().min(1),
});
export type Upload = z.infer<typeof Upload>;

/** A public file in storage. */
export const StoredVariant = ImageVariant.omit({ url: true }).extend({ key: MediaKey });
export type StoredVariant = z.infer<typeof StoredVariant>;

/** The result of each step. Later steps use it, also on another worker after a crash. */
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
    /** 64 bits in hex; images that look alike differ in few of them. */
    perceptualHash: z.string().regex(/^[\da-f]{16}$/),
    /** From 0, black, to 1, white. */
    brightness: z.number().min(0).max(1),
  }),
  tag: z.object({ tags: z.array(Text.max(40)) }),
} as const satisfies Record<ImageStep, z.ZodType>;

export type StepResults = { [S in ImageStep]: z.infer<(typeof stepResults)[S]> };

/** Completed steps with their results. */
export const DoneSteps = z.object(stepResults).partial();
export type DoneSteps = z.infer<typeof DoneSteps>;

/** One completed step. */
export const StepDone = z.discriminatedUnion('step', [
  z.object({ step: z.literal('decode'), result: stepResults.decode }),
  z.object({ step: z.literal('resize'), result: stepResults.resize }),
  z.object({ step: z.literal('analyse'), result: stepResults.analyse }),
  z.object({ step: z.literal('tag'), result: stepResults.tag }),
]);
export type StepDone = z.infer<typeof StepDone>;

export const imageWorkerJobs = defineJobs('image-worker', {
  /** Takes the steps of an image that are not done. */
  processPicture: { payload: z.object({ hash: ImageHash }), slowMs: 30_000 },
});
