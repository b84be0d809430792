// Passwords as argon2id hashes.
import { hash, verify } from '@node-rs/argon2';
import { AppError } from '@shop/kit/errors';
import { currentContext } from '@shop/kit/context';
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';

/** OWASP's recommendation: 19 MiB, two passes, one lane, some 30 ms. The library's algorithm is argon2id. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashing runs in libuv's four threads, which name look-ups and files need too. Two at a time leave room for those, and
 * bound the memory of any burst of log-ins to 38 MiB.
 */
const AT_ONCE = 2;

/** Each holds one of the 100 places in which the server runs calls. Half of them stay free for whatever is no log-in. */
const MAX_WAITING = 50;

const turn = pLimit(AT_ONCE);

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost));
}

export function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  return inTurn(() => verify(passwordHash, password));
}

/** A hash that no password is known for: checking against it takes as long as against a customer's. */
export const nobodysHash: Promise<string> = hash(randomBytes(32), cost);

/** `overloaded` when too many wait already. A burst of log-ins is best refused before anything else is done for it. */
export function refuseWhenBusy(): void {
  if (turn.pendingCount >= MAX_WAITING) throw new AppError('overloaded');
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  refuseWhenBusy();
  return turn(() => {
    // Nobody waits for the answer any more: the turn goes to somebody who does.
    if (performance.now() >= (currentContext()?.deadlineAt ?? Infinity)) throw new AppError('overloaded');
    return work();
  });
}
