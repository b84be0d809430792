import { expect, it } from 'vitest';
import { addressGroup } from './rate-limits.js';

it('an IPv4 address is a group of its own, also when it is IPv4-mapped', () => {
  expect(addressGroup('192.0.2.1')).toBe('192.0.2.1');
  expect(addressGroup('::ffff:192.0.2.1')).toBe('192.0.2.1');
});

it('IPv6 addresses of one /64 are one group in any notation', () => {
  const together = [
    ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:DB8:1:2::'],
    ['2001:db8::1', '2001:db8:0:0:1::'],
    ['::1', '::2:3'],
  ];
  for (const group of together) expect(new Set(group.map(addressGroup)).size).toBe(1);
  expect(new Set(together.map(([first]) => addressGroup(first!))).size).toBe(3);
});
