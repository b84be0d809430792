// Step `resize`: the files that browsers load.
import { createHash } from 'node:crypto';
import { mediaKey, type MediaExtension, type StoredVariant } from '@shop/contracts/images';
import type { Sharp } from 'sharp';
import { fromPixels, shrink, type Pixels } from './sharp.js';

export interface MadeFile {
  key: string;
  type: string;
  bytes: Buffer;
}

interface Format {
  extension: MediaExtension;
  type: string;
  /** Larger sizes are not made in this format. */
  upTo: number;
  encode(image: Sharp): Sharp;
}

/** Largest first, because each is made from the one before it. */
const sizes = Object.entries({ zoom: 2560, page: 1280, card: 640, thumb: 320 });

// Chosen by measurement: the next effort costs twice the CPU for files at most 5 % smaller; AVIF's default costs 20 times.
const formats: Format[] = [
  {
    extension: 'avif',
    type: 'image/avif',
    upTo: 1280,
    encode: (image) => image.avif({ quality: 50, effort: 1, chromaSubsampling: '4:2:0' }),
  },
  {
    extension: 'webp',
    type: 'image/webp',
    upTo: 2560,
    encode: (image) => image.webp({ quality: 80, effort: 2 }),
  },
  {
    extension: 'jpg',
    type: 'image/jpeg',
    upTo: 2560,
    encode: (image) => image.flatten({ background: '#ffffff' }).jpeg({ quality: 80 }),
  },
];

/** Makes every size in every format. Nothing is enlarged: a small image has the same file under the names of larger sizes. */
export async function resize(
  hash: string,
  original: Pixels,
): Promise<{ variants: StoredVariant[]; files: MadeFile[] }> {
  const made = new Map<string, MadeFile>();
  const variants: StoredVariant[] = [];
  let pixels = original;
  for (const [name, side] of sizes) {
    pixels = await shrink(pixels, side);
    const { width, height } = pixels;
    const ofSize: StoredVariant[] = [];
    for (const format of formats.filter(({ upTo }) => side <= upTo)) {
      const what = `${format.type} ${width}×${height}`;
      const file = made.get(what) ?? (await make(hash, pixels, format));
      made.set(what, file);
      ofSize.push({ name, width, height, type: file.type, key: file.key });
    }
    variants.unshift(...ofSize);
  }
  return { variants, files: [...made.values()] };
}

async function make(original: string, pixels: Pixels, { extension, type, encode }: Format): Promise<MadeFile> {
  const bytes = await encode(fromPixels(pixels)).toBuffer();
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { key: mediaKey(original, hash, extension), type, bytes };
}
