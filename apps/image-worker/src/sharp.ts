// sharp as the shop uses it. Only child processes load this: a picture that breaks libvips breaks one of them.
import sharp, { type ResizeOptions, type Sharp } from 'sharp';

// One thread per child: there are as many children as CPUs, and glibc's allocator fragments with more.
sharp.concurrency(1);
// Nothing is read twice, and what is kept between pictures only looks like a leak.
sharp.cache(false);

/** Which decoders what people upload may reach. Not those for SVG, PDF, GIF, TIFF and dozens more. */
const trusted = ['Jpeg', 'Png', 'Webp', 'Heif'].map((format) => `VipsForeignLoad${format}Buffer`);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: trusted });

/** Pixels, upright, in sRGB with eight bits a channel; with a fourth channel only when some of it shows through. */
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

/** The longer side becomes `side` at most; nothing is enlarged. */
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
