// Passwords as argon2id hashes.
import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { currentContext } from '@shop/rpc/context';
import { AppError } from '@shop/rpc/errors';
import pLimit from 'p-limit';

/** OWASP's recommendation: 19 MiB, two passes, one lane, about 30 ms. The library's default algorithm is argon2id. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashing runs in libuv's four threads, which DNS lookups and files need too. A limit of two leaves threads for those, and
 * bounds the memory of any burst of log-ins to 38 MiB.
 */
const MAX_CONCURRENT = 2;

/** A waiting hash occupies one of the 100 concurrent calls of the RPC server. Half of those stay free for other calls. */
const MAX_WAITING = 50;

const turn = pLimit(MAX_CONCURRENT);

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost));
}

export function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  return inTurn(() => verify(passwordHash, password));
}

/** The hash of a random password. Checking against it takes as long as against the hash of a customer. */
export const dummyHash: Promise<string> = hash(randomBytes(32), cost);

/** Throws `overloaded` when too many wait already, so that a burst of log-ins is refused before it causes other work. */
export function refuseWhenBusy(): void {
  if (turn.pendingCount >= MAX_WAITING) throw new AppError('overloaded');
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  refuseWhenBusy();
  return turn(() => {
    // The caller has stopped waiting: the turn goes to the next one.
    if (performance.now() >= (currentContext()?.deadlineAt ?? Infinity)) throw new AppError('overloaded');
    return work();
  });
}
