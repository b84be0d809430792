// Images for measurements: distinct, and about as hard to decode and to compress as product photos.
import sharp from 'sharp';

/** Size of the grain that is tiled over an image; the minimum size of images. */
const TILE = 128;

/** A JPEG that is determined by `seed`. */
export async function photo(seed: number, width: number, height: number): Promise<Buffer> {
  const [w, h] = [48, 36];
  const shapes = Buffer.alloc(w * h * 3);
  for (let i = 0; i < shapes.length; i++) {
    const [x, y, k] = [((i / 3) | 0) % w, (i / 3 / w) | 0, i % 3];
    shapes[i] = 128 + 100 * Math.sin(x / (3 + (seed % 5)) + seed + k) * Math.cos(y / (2 + (seed % 3)) - k + seed / 7);
  }
  const grain = Buffer.alloc(TILE ** 2);
  for (let i = 0, random = seed + 1; i < grain.length; i++) {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    grain[i] = 116 + ((random >> 16) % 24);
  }
  const tile = await sharp(grain, { raw: { width: TILE, height: TILE, channels: 1 } })
    .toColourspace('srgb')
    .png()
    .toBuffer();
  const soft = await sharp(shapes, { raw: { width: w, height: h, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(soft)
    .composite([{ input: tile, tile: true, blend: 'overlay' }])
    .jpeg({ quality: 90 })
    .toBuffer();
}
