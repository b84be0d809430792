import { hash } from '@node-rs/argon2';
import { runInContext } from '@shop/rpc/context';
import { expect, it } from 'vitest';
import { hashPassword, verifyPassword } from './passwords.js';

it('accepts the right password and no other', async () => {
  const stored = await hashPassword('correct-horse');
  expect(await verifyPassword(stored, 'correct-horse')).toBe(true);
  expect(await verifyPassword(stored, 'correct-horsf')).toBe(false);
});

it('refuses further log-ins at once when too many wait', async () => {
  const cheap = await hash('x', { memoryCost: 8, timeCost: 1 });
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, () => verifyPassword(cheap, 'x').catch(({ code }: { code: string }) => code)),
  );
  expect(outcomes.filter((outcome) => outcome === true).length).toBeGreaterThanOrEqual(50);
  expect(outcomes.filter((outcome) => outcome === 'overloaded').length).toBeGreaterThanOrEqual(240);
});

it('hashes nothing for a caller that has stopped waiting', async () => {
  const late = runInContext({ requestId: 'late', deadlineAt: performance.now() - 1 }, () => hashPassword('x'));
  await expect(late).rejects.toMatchObject({ code: 'overloaded' });
});
