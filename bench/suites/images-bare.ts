// The floor of image processing: plain sharp makes the same files as the image worker. A process of images.bench.ts.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import sharp, { type OutputInfo, type Sharp } from 'sharp';

// Low priority, like the processes of the worker.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
sharp.concurrency(1);
sharp.cache(false);

const sides = [2560, 1280, 640, 320];
const formats: [extension: string, upTo: number, encode: (image: Sharp) => Sharp][] = [
  ['avif', 1280, (image) => image.avif({ quality: 50, effort: 1, chromaSubsampling: '4:2:0' })],
  ['webp', 2560, (image) => image.webp({ quality: 80, effort: 2 })],
  ['jpg', 2560, (image) => image.flatten({ background: '#ffffff' }).jpeg({ quality: 80 })],
];

const inside = (side: number) => ({ width: side, height: side, fit: 'inside', withoutEnlargement: true }) as const;
const pixelsOf = (image: Sharp) => image.raw().toBuffer({ resolveWithObject: true });
const from = ({ data, info: { width, height, channels } }: { data: Buffer; info: OutputInfo }) =>
  sharp(data, { raw: { width, height, channels: channels as 3 | 4 } });

/** Decodes once and makes each size from the previous one. For images larger than the second size. */
async function once(file: string, folder: string): Promise<void> {
  let pixels = await pixelsOf(
    sharp(await readFile(file))
      .autoOrient()
      .toColourspace('srgb')
      .resize(inside(2560)),
  );
  for (const side of sides) {
    pixels = await pixelsOf(from(pixels).resize(inside(side)));
    for (const [extension, upTo, encode] of formats)
      if (side <= upTo) await write(folder, extension, await encode(from(pixels)).toBuffer());
  }
  const small = await pixelsOf(from(pixels).resize(inside(64)));
  await from(small).resize(inside(16)).webp({ quality: 60, effort: 6 }).toBuffer();
  await from(small).greyscale().resize(9, 8, { fit: 'fill' }).raw().toBuffer();
  await from(small).stats();
}

/** Makes each file directly from the original, as most scripts do. */
async function each(file: string, folder: string): Promise<void> {
  const bytes = await readFile(file);
  for (const side of sides)
    for (const [extension, upTo, encode] of formats)
      if (side <= upTo)
        await write(folder, extension, await encode(sharp(bytes).autoOrient().resize(inside(side))).toBuffer());
}

const write = (folder: string, extension: string, bytes: Buffer) =>
  writeFile(join(folder, `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.${extension}`), bytes);

export interface BareTask {
  how: 'once' | 'each';
  files: string[];
  folder: string;
}

process.on('message', ({ how, files, folder }: BareTask) => {
  const work = how === 'once' ? once : each;
  const all = async () => {
    for (const file of files) await work(file, folder);
  };
  void all().then(() => process.send!('done'));
});
process.on('disconnect', () => process.exit());
