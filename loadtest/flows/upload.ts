// Staff adding a picture to a product, waiting until it is ready, and taking it away again.
import { sleep } from 'k6';
import encoding from 'k6/encoding';
import { optionsFor } from '../options.ts';
import { anyOf, learn, logInAsStaff, type Shop } from '../shop.ts';
import { Visitor } from '../visitor.ts';
import { JPEG } from './upload-picture.ts';

export { summarise as handleSummary } from '../summary.ts';
export const options = optionsFor({ upload: 1 });

interface ShopWithPictures extends Shop {
  takesPictures: boolean;
}

const ROUTE = 'POST /api/products/{product}/images';
const WAIT_SECONDS = 0.2;
const READY_WITHIN_SECONDS = 20;

export function setup(): ShopWithPictures {
  const shop = learn();
  const staff = new Visitor('setup');
  logInAsStaff(staff);
  const { status } = staff.send('POST', `/api/products/${shop.products[0]!.id}/images`, ROUTE, new ArrayBuffer(0));
  const takesPictures = status !== 404 && status !== 405;
  if (!takesPictures) console.warn('Skipped: this shop takes no pictures yet.');
  return { ...shop, takesPictures };
}

const staff = new Visitor('upload');
let loggedIn = false;

export function upload({ products, takesPictures }: ShopWithPictures): void {
  if (!takesPictures) return;
  if (!loggedIn) logInAsStaff(staff);
  loggedIn = true;
  const { id } = anyOf(products);
  const headers = { 'content-type': 'image/jpeg' };
  const sent = staff.send('POST', `/api/products/${id}/images`, ROUTE, picture(), headers);
  const taken = staff.finds(sent, 'a picture is taken for its product', 202, (page) => page.json('productId') === id);
  if (!taken) return;
  const path = `/api/images/${String(sent.json('id'))}`;
  let image = sent;
  for (let waited = 0; waited < READY_WITHIN_SECONDS; waited += WAIT_SECONDS) {
    sleep(WAIT_SECONDS);
    image = staff.send('GET', path, 'GET /api/images/{image}');
    if (!['waiting', 'working'].includes(String(image.json('status')))) break;
  }
  staff.finds(image, 'a picture gets ready in several sizes', 200, (page) => {
    return page.json('status') === 'ready' && Number(page.json('variants.#')) > 1;
  });
  staff.finds(staff.send('DELETE', path, 'DELETE /api/images/{image}'), 'a picture can be removed', 204);
}

/** A picture that nobody has sent before: a comment in it is different each time. */
function picture(): ArrayBuffer {
  const START = 2;
  const comment = Uint8Array.from([0xff, 0xfe, 0, 18, ...Array.from({ length: 16 }, () => Math.random() * 256)]);
  const jpeg = new Uint8Array(encoding.b64decode(JPEG));
  const bytes = new Uint8Array(jpeg.length + comment.length);
  bytes.set(jpeg.subarray(0, START));
  bytes.set(comment, START);
  bytes.set(jpeg.subarray(START), START + comment.length);
  return bytes.buffer;
}
