// node apps/catalog/seed/encode-images.ts FOLDER: makes seed/images out of a folder of originals, which are JPEG, PNG, WebP or
// AVIF files named after the slugs of their products. Each gets the best quality that keeps it small.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import sharp from 'sharp';

const SIDE = 1280;
const MAX_BYTES = 40_000;
const MAX_BYTES_TOGETHER = 5_000_000;
const qualities = [90, 85, 80, 75, 70, 65, 60, 50, 40];

async function encode(original: Buffer): Promise<Buffer> {
  const image = sharp(original).autoOrient().resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true });
  for (const quality of qualities) {
    const bytes = await image.clone().webp({ quality, effort: 6, smartSubsample: true }).toBuffer();
    if (bytes.length <= MAX_BYTES) return bytes;
  }
  throw new Error(`takes more than ${MAX_BYTES} bytes even at quality ${qualities.at(-1)}`);
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('node apps/catalog/seed/encode-images.ts FOLDER');
let together = 0;
for (const file of readdirSync(folder)) {
  const bytes = await encode(readFileSync(join(folder, file)));
  writeFileSync(join(import.meta.dirname, 'images', `${parse(file).name}.webp`), bytes);
  together += bytes.length;
}
console.log(`${together} bytes together`);
if (together > MAX_BYTES_TOGETHER) throw new Error(`that is more than ${MAX_BYTES_TOGETHER}`);
