// The steps of an image, from bytes to results and files.
import { DoneSteps, ImageStep, StepDone, type StepResults } from '@shop/contracts/images';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MadeFile } from '../src/resize.js';
import { sharp as ownSharp } from '../src/sharp.js';
import { takeSteps } from '../src/take-steps.js';
import { animated, badInputs, demoImage, dot, halves, jpeg, photo, svgWithScript } from './images.js';

const hash = 'ab'.repeat(32);

interface Worked {
  steps: ImageStep[];
  results: StepResults;
  files: MadeFile[];
}

async function work(bytes: Buffer, done: DoneSteps = {}): Promise<Worked> {
  const worked = { steps: [] as ImageStep[], results: { ...done } as StepResults, files: [] as MadeFile[] };
  for await (const taken of takeSteps({ hash, bytes, done })) {
    StepDone.parse(taken.done);
    worked.steps.push(taken.done.step);
    Object.assign(worked.results, { [taken.done.step]: taken.done.result });
    worked.files.push(...taken.files);
  }
  return worked;
}

describe('a good image', () => {
  let bytes: Buffer;
  let worked: Worked;
  beforeAll(async () => {
    bytes = await jpeg(3000, 2000);
    worked = await work(bytes);
  });

  test('goes through every step once, in order', () => {
    expect(worked.steps).toEqual(ImageStep.options);
    expect(worked.results.decode).toEqual({
      width: 3000,
      height: 2000,
      type: 'image/jpeg',
      transparent: false,
      orientation: 'landscape',
    });
  });

  test('becomes four sizes in three formats, AVIF up to 1280', () => {
    const { variants } = worked.results.resize;
    const named = (type: string) =>
      variants.filter((variant) => variant.type === type).map(({ name, width, height }) => [name, width, height]);
    const upToPage = [
      ['thumb', 320, 214],
      ['card', 640, 427],
      ['page', 1280, 854],
    ];
    expect(named('image/avif')).toEqual(upToPage);
    expect(named('image/webp')).toEqual([...upToPage, ['zoom', 2560, 1707]]);
    expect(named('image/jpeg')).toEqual([...upToPage, ['zoom', 2560, 1707]]);
  });

  test('is stored under keys made of the content, in the format and size that are stated', async () => {
    expect(worked.files).toHaveLength(11);
    for (const { key, type, bytes } of worked.files) {
      const { format, width, height } = await sharp(bytes).metadata();
      const variant = worked.results.resize.variants.find((each) => each.key === key);
      expect(variant).toMatchObject({ width, height, type });
      expect(type).toBe(format === 'heif' ? 'image/avif' : `image/${format}`);
    }
  });

  test('gives the same keys every time, and repeats no completed step', async () => {
    expect((await work(bytes)).results).toEqual(worked.results);
    const { decode, resize, analyse } = worked.results;
    const rest = await work(bytes, { decode, resize });
    expect([rest.steps, rest.files]).toEqual([['analyse', 'tag'], []]);
    expect(rest.results).toEqual(worked.results);
    // No remaining step needs pixels, so the file need not even be readable.
    const last = await work(Buffer.from('gone'), { decode, resize, analyse });
    expect([last.steps, last.results.tag]).toEqual([['tag'], worked.results.tag]);
  });

  test('has a placeholder small enough for lists', async () => {
    const { placeholder } = worked.results.analyse;
    expect(placeholder.length).toBeLessThanOrEqual(400);
    const bytes = Buffer.from(placeholder.replace('data:image/webp;base64,', ''), 'base64');
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 16 });
  });

  test('has a perceptual hash that hardly changes with its size and differs from other images', async () => {
    const hashOf = async (bytes: Buffer) => BigInt(`0x${(await work(bytes)).results.analyse.perceptualHash}`);
    const bitsApart = (a: bigint, b: bigint) => (a ^ b).toString(2).replaceAll('0', '').length;
    const own = BigInt(`0x${worked.results.analyse.perceptualHash}`);
    const smaller = await sharp(bytes).resize(500).webp({ quality: 50 }).toBuffer();
    expect(bitsApart(own, await hashOf(smaller))).toBeLessThanOrEqual(6);
    expect(bitsApart(own, await hashOf(await jpeg(600, 400, 5)))).toBeGreaterThan(12);
  });
});

test('a small image is not enlarged: its larger sizes are one file', async () => {
  const { results, files } = await work(await jpeg(500, 400));
  expect(results.resize.variants.filter(({ type }) => type === 'image/webp')).toMatchObject([
    { name: 'thumb', width: 320 },
    { name: 'card', width: 500 },
    { name: 'page', width: 500 },
    { name: 'zoom', width: 500 },
  ]);
  expect(files).toHaveLength(6);
});

test.each([
  [1, 1],
  [4000, 1],
  [1, 4000],
])('an image of %i × %i pixels is processed', async (width, height) => {
  expect((await work(await photo(width, height).png().toBuffer())).steps).toEqual(ImageStep.options);
});

test('a rotated photo is turned upright, and its metadata, place included, is removed', async () => {
  const exif = { IFD0: { Copyright: 'secret' }, IFD3: { GPSLatitude: '52/1 30/1 0/1' } };
  const image = (await halves('#ff0000', '#0000ff')).withExif(exif).keepExif().withMetadata({ orientation: 6 });
  const bytes = await image.jpeg().toBuffer();
  expect(bytes.includes('secret')).toBe(true);
  const { results, files } = await work(bytes);
  expect(results.decode).toMatchObject({ width: 300, height: 400, orientation: 'portrait' });
  for (const { bytes } of files) {
    const { exif, xmp, iptc, orientation } = await sharp(bytes).metadata();
    expect([exif, xmp, iptc, orientation ?? 1]).toEqual([undefined, undefined, undefined, 1]);
  }
  const png = await sharp(files.find(({ type }) => type === 'image/jpeg')!.bytes)
    .raw()
    .toBuffer();
  expect([png[0]! > 200, png.at(-1)! > 200]).toEqual([true, true]); // red is at the top, blue below
});

test('CMYK, 16 bits, grey and other profiles become sRGB', async () => {
  const cmyk = await (await halves('#ff0000', '#ffffff')).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
  const deep = await (await halves('#ff8000', '#0000ff')).toColourspace('rgb16').png().toBuffer();
  const grey = await (await halves('#000000', '#ffffff')).greyscale().png().toBuffer();
  const wide = await (await halves('#ff0000', '#ffffff')).withIccProfile('p3').png().toBuffer();
  expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
  expect((await sharp(deep).metadata()).depth).toBe('ushort');
  for (const [bytes, tags] of [
    [cmyk, ['red', 'white']],
    [deep, ['orange', 'blue']],
    [grey, ['black', 'white']],
    [wide, ['red', 'white']],
  ] as const) {
    const { results, files } = await work(bytes);
    expect(results.tag.tags).toEqual(expect.arrayContaining([...tags]));
    for (const { bytes } of files)
      expect(await sharp(bytes).metadata()).toMatchObject({ space: 'srgb', depth: 'uchar' });
  }
});

test('only the first frame of an animation is used', async () => {
  const { results, files } = await work(await animated());
  expect(results.decode).toMatchObject({ width: 64, height: 48 });
  expect(results.tag.tags).toContain('red');
  expect(results.tag.tags).not.toContain('blue');
  for (const { bytes } of files) expect((await sharp(bytes).metadata()).pages ?? 1).toBe(1);
});

test('transparency is kept in every format except JPEG', async () => {
  const { results, files } = await work(await dot('#1c2a52'));
  expect(results.decode.transparent).toBe(true);
  expect(results.analyse.colors).toHaveLength(1);
  expect(results.tag.tags).toEqual(['navy', 'blue', 'square', 'transparent', 'dark']);
  for (const { bytes, type } of files) expect((await sharp(bytes).metadata()).hasAlpha).toBe(type !== 'image/jpeg');
  // An alpha channel without a transparent pixel does not count.
  const opaque = await photo(200, 200).ensureAlpha().png().toBuffer();
  expect((await work(opaque)).results.decode.transparent).toBe(false);
});

test('the format is read from the bytes, not from the declared type', async () => {
  const { results } = await work(await photo(300, 200).webp().toBuffer());
  expect(results.decode.type).toBe('image/webp');
});

describe('refused, with a reason that staff can read:', async () => {
  test.each(Object.entries(await badInputs()))('%s', async (_, { bytes, reason }) => {
    await expect(work(bytes)).rejects.toMatchObject({ name: 'Refused', message: expect.stringMatching(reason) });
  });

  test('SVG, whose loader cannot be reached', async () => {
    await expect(work(svgWithScript)).rejects.toThrow(/JPEG, PNG, WebP or AVIF/);
    const loaded = ownSharp(Buffer.from('<svg width="1" height="1"/>')).png().toBuffer();
    await expect(loaded).rejects.toThrow(/unsupported image format/);
  });
});

test('the images of the demo shop are found by the colours in their names', async () => {
  const tagsOf = async (slug: string) => (await work(await demoImage(slug))).results.tag.tags;
  expect(await tagsOf('weekender-navy-twill')).toEqual(expect.arrayContaining(['navy', 'blue', 'square']));
});
