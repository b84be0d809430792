import { expect, it } from 'vitest';
import * as z from 'zod';
import { readCursor, writeCursor } from './list-cursor.js';

const position = { key: 1200, id: '019bc0b5-3620-7000-8000-00c7a28d6e37' };
const cursor = writeCursor('price', position);

it('round-trips the position where a list continues', () => {
  expect(readCursor('price', z.int(), cursor)).toEqual(position);
  expect(readCursor('name', z.string(), writeCursor('name', { ...position, key: 'Öl 🕯' })).key).toBe('Öl 🕯');
});

it('refuses a cursor of another list, naming the field', () => {
  expect(() => readCursor('-price', z.int(), cursor)).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      extras: { errors: [{ field: 'cursor', message: 'is not a cursor of this list' }] },
    }),
  );
});

it('refuses a cursor with any one character changed, cut off or added', () => {
  for (let i = 0; i < cursor.length; i++) {
    const changed = cursor.slice(0, i) + (cursor[i] === 'A' ? 'B' : 'A') + cursor.slice(i + 1);
    expect(() => readCursor('price', z.int(), changed)).toThrow('cursor');
    expect(() => readCursor('price', z.int(), cursor.slice(0, i))).toThrow('cursor');
  }
  expect(() => readCursor('price', z.int(), `${cursor}A`)).toThrow('cursor');
  expect(() => readCursor('price', z.int(), `${cursor}=`)).toThrow('cursor');
});

it('refuses a key of another type, even with a valid checksum', () => {
  expect(() => readCursor('price', z.int(), writeCursor('price', { ...position, key: '1200' }))).toThrow('cursor');
  expect(() => readCursor('price', z.int(), Buffer.from('null').toString('base64url'))).toThrow('cursor');
});
