import { expect, it } from 'vitest';
import { matches } from './send-serialized-json.js';

it('matches a tag in any list, weak or strong, and ignores malformed tags', () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', '*', ' * '])
    expect(matches(header, '"a"'), header).toBe(true);
  for (const header of ['"b"', 'a', '', '"', '"aa"', 'W/a', '"*"']) expect(matches(header, '"a"'), header).toBe(false);
  expect(matches('"a"', 'W/"a"')).toBe(true);
});
