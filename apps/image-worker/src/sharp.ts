// sharp with the settings of the shop. Only child processes load it: an image that crashes libvips ends one of them.
import sharp, { type ResizeOptions, type Sharp } from 'sharp';

// There are as many children as CPUs, and more threads fragment glibc's memory.
sharp.concurrency(1);
// No image is read twice, so a cache would only keep memory.
sharp.cache(false);

/** Uploaded bytes may reach no other decoder: not SVG, PDF, GIF, TIFF and dozens more. */
const trusted = ['Jpeg', 'Png', 'Webp', 'Heif'].map((format) => `VipsForeignLoad${format}Buffer`);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: trusted });

/** Upright, in sRGB with eight bits per channel; with an alpha channel only if any pixel is transparent. */
export interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 3 | 4;
}

export { sharp };

export function fromPixels({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** The longer side becomes at most `side`; nothing is enlarged. */
export async function shrink(pixels: Pixels, side: number): Promise<Pixels> {
  if (Math.max(pixels.width, pixels.height) <= side) return pixels;
  return toPixels(fromPixels(pixels).resize(within(side)));
}

export const within = (side: number) =>
  ({ width: side, height: side, fit: 'inside', withoutEnlargement: true }) satisfies ResizeOptions;

export async function toPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels as 3 | 4 };
}
