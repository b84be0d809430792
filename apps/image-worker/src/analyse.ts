// Step `analyse`: colours, brightness, a placeholder and a perceptual hash.
import type { StepResults } from '@shop/contracts/images';
import { dominantColors } from './colors.js';
import { fromPixels, shrink, toPixels, type Pixels } from './sharp.js';

/** Side in pixels of the copy that colours are taken from. */
const SAMPLE = 32;

/** Side of the placeholder in pixels. */
const PLACEHOLDER = 16;
/** Characters of the placeholder's data: URL, which every list contains. */
const MAX_PLACEHOLDER_LENGTH = 400;

export async function analyse(pixels: Pixels): Promise<StepResults['analyse']> {
  const small = await shrink(pixels, SAMPLE);
  const { colors, brightness } = dominantColors(small);
  return { colors, brightness, placeholder: await placeholderOf(small), perceptualHash: await perceptualHash(small) };
}

async function placeholderOf(pixels: Pixels): Promise<string> {
  for (const side of [PLACEHOLDER, PLACEHOLDER / 2]) {
    const tiny = fromPixels(await shrink(pixels, side));
    for (const quality of [60, 30, 10]) {
      const webp = await tiny.webp({ quality, alphaQuality: quality, effort: 6 }).toBuffer();
      const address = `data:image/webp;base64,${webp.toString('base64')}`;
      if (address.length <= MAX_PLACEHOLDER_LENGTH) return address;
    }
  }
  throw new Error(`an image of 8 × 8 pixels takes more than ${MAX_PLACEHOLDER_LENGTH} characters`);
}

/** dHash (Neal Krawetz, 2013): one bit per pair of neighbouring pixels in a row, set where the right one is brighter. */
async function perceptualHash(pixels: Pixels): Promise<string> {
  const grey = fromPixels(pixels).flatten({ background: '#ffffff' }).greyscale();
  const { data, channels } = await toPixels(grey.resize(9, 8, { fit: 'fill' }));
  let bits = '';
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 8; x++) {
      const at = (y * 9 + x) * channels;
      bits += data[at]! < data[at + channels]! ? '1' : '0';
    }
  return BigInt(`0b${bits}`).toString(16).padStart(16, '0');
}
