import { expect, it } from 'vitest';
import { addressGroup } from './rate-limits.js';

it('counts an IPv4 address by itself, also when it comes mapped', () => {
  expect(addressGroup('192.0.2.1')).toBe('192.0.2.1');
  expect(addressGroup('::ffff:192.0.2.1')).toBe('192.0.2.1');
});

it('counts IPv6 addresses of one /64 together, however they are written', () => {
  const together = [
    ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:DB8:1:2::'],
    ['2001:db8::1', '2001:db8:0:0:1::'],
    ['::1', '::2:3'],
  ];
  for (const group of together) expect(new Set(group.map(addressGroup)).size).toBe(1);
  expect(new Set(together.map(([first]) => addressGroup(first!))).size).toBe(3);
});
