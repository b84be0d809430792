// Good and bad images, made on the fly.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

/** Soft shapes, different for each seed; about as hard to compress as a product photo. */
export function photo(width: number, height: number, seed = 1): Sharp {
  const data = Buffer.alloc(width * height * 3);
  const wave = (x: number, y: number, k: number) =>
    Math.sin((x / width) * (3 + (seed % 7) + k) + seed) * Math.cos((y / height) * (2 + k) + seed * k);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = 0; k < 3; k++, i++) data[i] = 128 + 90 * wave(x, y, k) + ((x * 7 + y * 13 + seed) % 11);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

export const jpeg = (width: number, height: number, seed?: number) => photo(width, height, seed).jpeg().toBuffer();

/** The left half has one colour, the right half another. */
export async function halves(left: string, right: string, width = 400, height = 300): Promise<Sharp> {
  const half = { create: { width: width / 2, height, channels: 3 as const, background: right } };
  const base = sharp({ create: { width, height, channels: 3, background: left } });
  return sharp(
    await base
      .composite([{ input: half, left: width / 2, top: 0 }])
      .png()
      .toBuffer(),
  );
}

/** A disc of one colour on a transparent ground. */
export function dot(color: string, side = 300): Promise<Buffer> {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as [number, number, number];
  const data = Buffer.alloc(side * side * 4);
  for (let y = 0, i = 0; y < side; y++)
    for (let x = 0; x < side; x++, i += 4)
      if (Math.hypot(x - side / 2, y - side / 2) < side / 3) data.set([r, g, b, 255], i);
  return sharp(data, { raw: { width: side, height: side, channels: 4 } })
    .png()
    .toBuffer();
}

/** What the catalog uploads for this product of the demo shop. */
export const demoImage = (slug: string) =>
  readFile(join(import.meta.dirname, `../../catalog/seed/images/${slug}.webp`));

/** A small file that is enormous when it is decoded: one bit per pixel, all the same. */
export function pngBomb(side: number): Buffer {
  const row = Math.ceil(side / 8) + 1;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1; // bits per pixel
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pixels = deflateSync(Buffer.alloc(row * side), { level: 1 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

export const svgWithScript = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><script>alert(1)</script>
   <image href="file:///etc/passwd" width="10" height="10"/><rect width="100" height="100" fill="red"/></svg>`,
);

/** Three frames: red, green, blue. */
export async function animated(): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 64, height: 48, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all(['#ff0000', '#00ff00', '#0000ff'].map(frame));
  return sharp(frames, { join: { animated: true } })
    .webp({ loop: 0 })
    .toBuffer();
}

/** Files that can never become an image, with the reason that staff read. */
export async function badInputs(): Promise<Record<string, { bytes: Buffer; reason: RegExp }>> {
  const good = await jpeg(640, 480);
  const png = await photo(640, 480).png().toBuffer();
  const webp = await photo(640, 480).webp().toBuffer();
  const avif = await photo(640, 480).avif({ effort: 0 }).toBuffer();
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
  const known = /JPEG, PNG, WebP or AVIF/;
  return {
    'a file of another kind': { bytes: Buffer.from('%PDF-1.7 and nothing that follows'.repeat(50)), reason: known },
    'a text that begins like a JPEG': {
      bytes: Buffer.from([0xff, 0xd8, 0xff, ...Buffer.from('hello '.repeat(99))]),
      reason: /cut off|damaged/,
    },
    'a JPEG that is cut off': { bytes: half(good), reason: /cut off/ },
    'a PNG that is cut off': { bytes: half(png), reason: /cut off/ },
    'a WebP that is cut off': { bytes: half(webp), reason: /cut off|damaged/ },
    'an AVIF that is cut off': { bytes: half(avif), reason: known },
    'a PNG bomb of 50,000 × 50,000 pixels': { bytes: pngBomb(50_000), reason: /100 million/ },
    'an SVG with a script': { bytes: svgWithScript, reason: known },
    'an animated GIF': {
      bytes: await sharp(await animated(), { animated: true })
        .gif()
        .toBuffer(),
      reason: known,
    },
    'a TIFF': { bytes: await photo(64, 48).tiff().toBuffer(), reason: known },
    'an empty file': { bytes: Buffer.alloc(0), reason: /empty/ },
  };
}
