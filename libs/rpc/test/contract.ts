// Procedures for the tests of the RPC, answered by server-process.mjs.
import { defineRpcs } from '@shop/contracts/rpc';
import * as z from 'zod';

const nothing = z.strictObject({});
const deadlineMs = 2000;

export const testRpc = defineRpcs('test', {
  whoami: { input: nothing, output: z.object({ pid: z.int() }), idempotent: true, deadlineMs },
  echo: {
    input: z.object({ text: z.string() }),
    output: z.object({ text: z.string() }),
    idempotent: true,
    deadlineMs: 5000,
  },
  page: { input: nothing, output: z.unknown(), idempotent: true, deadlineMs, serialized: true },
  /** Takes `ms`; the answer names the process. */
  work: { input: z.object({ ms: z.int() }), output: z.object({ pid: z.int() }), idempotent: true, deadlineMs },
  /** Not idempotent: every execution writes a line to the log file. */
  write: {
    input: z.object({ key: z.string(), ms: z.int() }),
    output: z.object({ pid: z.int() }),
    idempotent: false,
    deadlineMs,
  },
  /** The answer is the time left until the deadline. */
  timeLeft: {
    input: nothing,
    output: z.object({ ms: z.number(), requestId: z.string() }),
    idempotent: true,
    deadlineMs: 10_000,
  },
  /** Calls `timeLeft` of another server with a deadline of its own. */
  relay: {
    input: nothing,
    output: z.object({ ms: z.number(), requestId: z.string() }),
    idempotent: true,
    deadlineMs: 700,
  },
  /** Calls `work` of another server, which takes longer than the deadline. */
  relayTooLong: { input: nothing, output: nothing, idempotent: true, deadlineMs: 400 },
  refuse: { input: nothing, output: nothing, idempotent: true, deadlineMs },
  crash: { input: nothing, output: nothing, idempotent: true, deadlineMs },
  /** The answer is a text of `bytes` bytes. */
  many: {
    input: z.object({ bytes: z.int() }),
    output: z.object({ text: z.string() }),
    idempotent: true,
    deadlineMs: 5000,
  },
});

/** The same procedures under another service's name, for a second hop. */
export const farRpc = defineRpcs('far', { work: testRpc.work, timeLeft: testRpc.timeLeft });
