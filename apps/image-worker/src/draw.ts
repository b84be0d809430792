// A picture for a product of the demo shop, out of its name, category and tags; the same every time.
import { imageWorkerJobs } from '@shop/contracts/images';
import type { PayloadOf } from '@shop/contracts/jobs';
import { sharp, withSvg } from './sharp.js';
import { sceneOf } from './drawing/scene.js';

export const SIDE = 1280;

/** JPEG bytes. */
export async function* draw({
  name,
  category,
  tags,
}: Omit<PayloadOf<typeof imageWorkerJobs.drawPicture>, 'productId'>): AsyncGenerator<Buffer> {
  const svg = Buffer.from(sceneOf({ name, category, tags }));
  yield await withSvg(() => sharp(svg).resize(SIDE, SIDE).jpeg({ quality: 92 }).toBuffer());
}
