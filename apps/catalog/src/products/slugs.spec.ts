import { expect, it } from 'vitest';
import { slugOf, slugsFor } from './slugs.js';

it.each([
  ['Linen Apron, Moss', 'linen-apron-moss'],
  ["Grün & Söhne's Lamp", 'grun-sohnes-lamp'],
  ['  Größe   26 cm!  ', 'grosse-26-cm'],
  ['灯', 'product'],
  ['0195b0e0-0000-7000-8000-00000000000a', 'product-0195b0e0-0000-7000-8000-00000000000a'],
])('converts %j to a slug', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

it('limits the length of a slug without leaving a hyphen at its end', () => {
  expect(slugOf(`${'a'.repeat(99)} b`)).toBe('a'.repeat(99));
  for (const slug of slugsFor('x'.repeat(500))) expect(slug.length).toBeLessThanOrEqual(120);
});
