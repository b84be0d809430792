// What a picture is, by its first bytes: what a client calls it proves nothing.
import type { ImageType } from '@shop/contracts/images';

/** How many of the first bytes tell. */
export const TELLING_BYTES = 64;

const signatures: Record<ImageType, (head: Buffer) => boolean> = {
  'image/jpeg': (head) => head.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex')),
  'image/png': (head) => head.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')),
  'image/webp': (head) => textAt(head, 0) === 'RIFF' && textAt(head, 8) === 'WEBP',
  // An ISO media file (the first box is called ftyp) of this brand: its own, or one that it is compatible with.
  'image/avif': (head) => textAt(head, 4) === 'ftyp' && brandsOf(head).includes('avif'),
};

/** Undefined for everything that is not taken here. */
export function imageTypeOf(head: Buffer): ImageType | undefined {
  return (Object.keys(signatures) as ImageType[]).find((type) => signatures[type](head));
}

function textAt(head: Buffer, offset: number): string {
  return head.toString('latin1', offset, offset + 4);
}

function brandsOf(head: Buffer): string[] {
  const end = head.length < 4 ? 0 : Math.min(head.readUInt32BE(0), head.length);
  const brands = [];
  for (let at = 8; at + 4 <= end; at += 4) brands.push(textAt(head, at));
  return brands;
}
