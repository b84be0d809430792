// Pictures that the shop draws for its demo products.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { draw } from '../src/draw.js';
import { takeSteps } from '../src/take-steps.js';

async function drawn(name: string, category = 'bags', tags: string[] = []): Promise<Buffer> {
  const pictures: Buffer[] = [];
  for await (const bytes of draw({ name, category, tags })) pictures.push(bytes);
  expect(pictures).toHaveLength(1);
  return pictures[0]!;
}

test('a product’s picture is the same every time, and another product’s is another', async () => {
  const first = await drawn('Weekender, Navy Twill', 'bags', ['cotton', 'blue']);
  expect((await drawn('Weekender, Navy Twill', 'bags', ['cotton', 'blue'])).equals(first)).toBe(true);
  expect((await drawn('Weekender, Olive Twill', 'bags', ['cotton', 'green'])).equals(first)).toBe(false);
  expect(await sharp(first).metadata()).toMatchObject({ format: 'jpeg', width: 1280, height: 1280 });
});

test('its colours are those that the name tells of, so that it is found by them', async () => {
  const tags: string[] = [];
  const bytes = await drawn('Weekender, Navy Twill', 'bags', ['cotton', 'blue']);
  for await (const { done } of takeSteps({ picture: 'ab'.repeat(32), bytes, done: {} }))
    if (done.step === 'tag') tags.push(...done.result.tags);
  expect(tags).toEqual(expect.arrayContaining(['navy', 'blue', 'square']));
});

test.each([
  ['Nothing anybody ever drew', 'home'],
  ['Mug', 'a category of the future'],
  ['<script>&', 'kids'],
  ['', ''],
])('whatever a product is called, it gets a picture: %j', async (name, category) => {
  expect((await sharp(await drawn(name, category)).metadata()).width).toBe(1280);
});
