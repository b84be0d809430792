// Step `decode`: from uploaded bytes to pixels, or to the reason why they can never be read.
import type { ImageType, StepResults } from '@shop/contracts/images';
import { Refused } from './refused.js';
import { fromPixels, sharp, toPixels, within, type Pixels } from './sharp.js';

/** 400 MB of memory for formats that must be decoded whole. */
const MAX_PIXELS = 100_000_000;

/** The side of the largest file that is made, so more pixels are not needed. */
export const MAX_SIDE = 2560;

/** Images with a smaller ratio of their sides look square. */
const SQUARE = 1.05;

const types: Record<string, ImageType | undefined> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  heif: 'image/avif',
};

export interface Decoded {
  result: StepResults['decode'];
  pixels: Pixels;
}

/** Returns pixels of the first frame, at most MAX_SIDE wide and high. Throws Refused; any other error is not the image's fault. */
export async function decode(bytes: Buffer): Promise<Decoded> {
  if (bytes.length === 0) throw new Refused('The file is empty');
  // `error` refuses a file that ends too early, but not a camera's mistake in the metadata.
  const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
  const { format, autoOrient } = await image.metadata().catch(refuse);
  const { width, height } = autoOrient;
  if (width * height > MAX_PIXELS) throw new Refused(tooLarge(width, height));
  const type = types[format];
  if (!type) throw new Refused(UNKNOWN);

  // Resizing is part of the same pipeline, so that JPEG and WebP are decoded no larger than needed. Profiles and CMYK become
  // sRGB, and metadata is dropped.
  const read = await toPixels(image.autoOrient().toColourspace('srgb').resize(within(MAX_SIDE))).catch(refuse);
  const transparent = read.channels === 4 && isTransparent(read);
  const pixels = read.channels === 4 && !transparent ? await toPixels(fromPixels(read).removeAlpha()) : read;
  return { pixels, result: { width, height, type, transparent, orientation: orientationOf(width / height) } };
}

function isTransparent({ data }: Pixels): boolean {
  for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha]! < 255) return true;
  return false;
}

function orientationOf(ratio: number): StepResults['decode']['orientation'] {
  if (ratio > SQUARE) return 'landscape';
  return ratio < 1 / SQUARE ? 'portrait' : 'square';
}

const UNKNOWN = 'This is not an image that the shop can read: a complete JPEG, PNG, WebP or AVIF';

const tooLarge = (width: number, height: number) =>
  `It has ${width} × ${height} pixels; at most ${MAX_PIXELS / 1_000_000} million are read`;

const reasons: [RegExp, string][] = [
  [/unsupported image format|bad seek to|not in a known format/i, UNKNOWN],
  [/exceeds pixel limit/i, `It has more than ${MAX_PIXELS / 1_000_000} million pixels`],
  [/premature end|truncated|end of (file|stream)|not enough data|libs?png read error/i, 'The file is cut off'],
];

function refuse(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  const known = reasons.find(([pattern]) => pattern.test(message));
  throw new Refused(known?.[1] ?? `The file is damaged: ${message.split('\n')[0]!.slice(0, 200).toWellFormed()}`, {
    cause: error,
  });
}
