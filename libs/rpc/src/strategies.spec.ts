import { expect, it } from 'vitest';
import { strategies } from './strategies.js';

const servers = (...outstanding: number[]) => outstanding.map((count, i) => ({ outstanding: count, load: 9 - i }));

it('least-outstanding chooses the server with the fewest outstanding calls, wherever it is in the list', () => {
  const choose = strategies['least-outstanding']();
  const candidates = servers(3, 1, 2);
  for (let i = 0; i < 5; i += 1) expect(choose(candidates)).toBe(candidates[1]);
});

it('least-outstanding lets equal servers take turns', () => {
  const choose = strategies['least-outstanding']();
  const candidates = servers(0, 0, 0);
  expect(new Set([1, 2, 3].map(() => choose(candidates)))).toEqual(new Set(candidates));
});

it('least-load chooses by the load that servers report', () => {
  const candidates = servers(0, 0, 7);
  expect(strategies['least-load']()(candidates)).toBe(candidates[2]);
});

it('power-of-two rarely chooses the worst of three', () => {
  const choose = strategies['power-of-two']();
  const candidates = servers(0, 0, 100);
  const worst = Array.from({ length: 900 }, () => choose(candidates)).filter((taken) => taken === candidates[2]);
  // Only when both draws hit it, which happens one time in nine.
  expect(worst.length).toBeLessThan(200);
});

it('round-robin continues in order when the servers change', () => {
  const choose = strategies['round-robin']();
  const candidates = servers(0, 0, 0);
  expect([choose(candidates), choose(candidates)]).toEqual(candidates.slice(0, 2));
  expect(candidates.slice(0, 2)).toContain(choose(candidates.slice(0, 2)));
});
