// Adds an image to a product as staff, waits until it is ready, and removes it.
import { sleep } from 'k6';
import encoding from 'k6/encoding';
import { optionsFor } from '../options.ts';
import { anyOf, learn, logInAsStaff, type Shop } from '../shop.ts';
import { Visitor } from '../visitor.ts';
import { JPEG } from './upload-image.ts';

export { summarise as handleSummary } from '../summary.ts';
export const options = optionsFor({ upload: 1 });

interface ShopWithImages extends Shop {
  takesImages: boolean;
}

const ROUTE = 'POST /api/products/{product}/images';
const WAIT_SECONDS = 0.2;
const READY_WITHIN_SECONDS = 20;

export function setup(): ShopWithImages {
  const shop = learn();
  const staff = new Visitor('setup');
  logInAsStaff(staff);
  const { status } = staff.send('POST', `/api/products/${shop.products[0]!.id}/images`, ROUTE, new ArrayBuffer(0));
  const takesImages = status !== 404 && status !== 405;
  if (!takesImages) console.warn('Skipped: this shop takes no images.');
  return { ...shop, takesImages };
}

const staff = new Visitor('upload');
let loggedIn = false;

export function upload({ products, takesImages }: ShopWithImages): void {
  if (!takesImages) return;
  if (!loggedIn) logInAsStaff(staff);
  loggedIn = true;
  const { id } = anyOf(products);
  const headers = { 'content-type': 'image/jpeg' };
  const sent = staff.send('POST', `/api/products/${id}/images`, ROUTE, newImage(), headers);
  const taken = staff.finds(sent, 'an image is accepted for its product', 202, (page) => page.json('productId') === id);
  if (!taken) return;
  const path = `/api/images/${String(sent.json('id'))}`;
  let image = sent;
  for (let waited = 0; waited < READY_WITHIN_SECONDS; waited += WAIT_SECONDS) {
    sleep(WAIT_SECONDS);
    image = staff.send('GET', path, 'GET /api/images/{image}');
    if (!['waiting', 'working'].includes(String(image.json('status')))) break;
  }
  staff.finds(image, 'an image becomes ready in several sizes', 200, (page) => {
    return page.json('status') === 'ready' && Number(page.json('variants.#')) > 1;
  });
  staff.finds(staff.send('DELETE', path, 'DELETE /api/images/{image}'), 'an image can be removed', 204);
}

/** A new image each time: a JPEG with a random comment. */
function newImage(): ArrayBuffer {
  const START = 2;
  const comment = Uint8Array.from([0xff, 0xfe, 0, 18, ...Array.from({ length: 16 }, () => Math.random() * 256)]);
  const jpeg = new Uint8Array(encoding.b64decode(JPEG));
  const bytes = new Uint8Array(jpeg.length + comment.length);
  bytes.set(jpeg.subarray(0, START));
  bytes.set(comment, START);
  bytes.set(jpeg.subarray(START), START + comment.length);
  return bytes.buffer;
}
