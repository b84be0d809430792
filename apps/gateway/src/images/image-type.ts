import type { ImageType } from '@shop/contracts/images';

/** How many bytes at the start of a file are needed. */
export const SIGNATURE_BYTES = 64;

const signatures: Record<ImageType, (head: Buffer) => boolean> = {
  'image/jpeg': (head) => head.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex')),
  'image/png': (head) => head.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')),
  'image/webp': (head) => textAt(head, 0) === 'RIFF' && textAt(head, 8) === 'WEBP',
  // An ISO media file (the first box is `ftyp`) with this major or compatible brand.
  'image/avif': (head) => textAt(head, 4) === 'ftyp' && brandsOf(head).includes('avif'),
};

/** By the first bytes; the Content-Type of a request proves nothing. Undefined for other formats. */
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
