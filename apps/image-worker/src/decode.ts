// Step `decode`: from the bytes that somebody uploaded to pixels, or to a reason why there will never be any.
import type { ImageType, StepResults } from '@shop/contracts/images';
import { Refused } from './refused.js';
import { fromPixels, sharp, toPixels, within, type Pixels } from './sharp.js';

/** 400 MB as pixels, where a format has to be decoded whole. */
const MAX_PIXELS = 100_000_000;

/** Pixels beyond this are of no use: the largest file that is made is no larger. */
export const LARGEST = 2560;

/** Nearly square pictures look square. */
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

/** The pixels are those of the first frame, at most LARGEST wide and high. Throws Refused; anything else is not the picture's fault. */
export async function decode(bytes: Buffer): Promise<Decoded> {
  if (bytes.length === 0) throw new Refused('The file is empty');
  // `error`: a file that ends too early is refused, a camera's slip in the metadata is not.
  const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
  const { format, autoOrient } = await image.metadata().catch(refuse);
  const { width, height } = autoOrient;
  if (width * height > MAX_PIXELS) throw new Refused(tooLarge(width, height));
  const type = types[format];
  if (!type) throw new Refused(UNKNOWN);

  // Resizing is part of the reading, so that JPEG and WebP are decoded no larger than needed. Profiles and CMYK become
  // sRGB, and no metadata goes along.
  const read = await toPixels(image.autoOrient().toColourspace('srgb').resize(within(LARGEST))).catch(refuse);
  const transparent = read.channels === 4 && showsThrough(read);
  const pixels = read.channels === 4 && !transparent ? await toPixels(fromPixels(read).removeAlpha()) : read;
  return { pixels, result: { width, height, type, transparent, orientation: orientationOf(width / height) } };
}

function showsThrough({ data }: Pixels): boolean {
  for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha]! < 255) return true;
  return false;
}

function orientationOf(ratio: number): StepResults['decode']['orientation'] {
  if (ratio > SQUARE) return 'landscape';
  return ratio < 1 / SQUARE ? 'portrait' : 'square';
}

const UNKNOWN = 'This is no picture that the shop can read: a whole JPEG, PNG, WebP or AVIF';

const tooLarge = (width: number, height: number) =>
  `It is ${width} × ${height} pixels large; at most ${MAX_PIXELS / 1_000_000} million are read`;

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
