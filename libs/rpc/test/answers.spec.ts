// The answers of calls, through real sockets and within a process.
import { Logger, type LoggerService } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { currentContext, runInContext } from '../src/context.js';
import { AppError } from '../src/errors.js';
import { SerializedJson } from '../src/serialized-json.js';
import { RpcServer } from '../src/rpc-server.js';
import { Rpc } from '../src/rpc.js';
import { testRpc } from './contract.js';
import { callerOf, closeAll, serve } from './local-server.js';

const handlers = {
  echo: ({ text }: { text: string }) => ({ text }),
  refuse: () => {
    throw new AppError('out_of_stock', 'Only two are left', { productIds: ['p'] }, 7);
  },
  crash: () => {
    throw new Error('the password is x', { cause: new Error('deeper') });
  },
  whoami: () => {
    throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
  },
  work: ({ ms }: { ms: number }) => sleep(ms, { pid: 1 }),
  timeLeft: () => ({ ms: currentContext()!.deadlineAt - performance.now(), requestId: currentContext()!.requestId }),
};

const logged: unknown[] = [];
beforeEach(() => {
  logged.length = 0;
  const silent = () => undefined;
  Logger.overrideLogger({
    log: silent,
    warn: silent,
    error: (entry) => logged.push(entry),
  } as LoggerService);
});
afterEach(closeAll);

const ways = {
  'through a socket': async () => callerOf(await serve(handlers)),
  'inside the process': async () => {
    const server = await serve(handlers);
    return new Rpc({ server, localServices: new Set(['test']), addresses: {} });
  },
};

describe.each(Object.entries(ways))('a call %s', (_, start) => {
  let rpc: Rpc;
  beforeEach(async () => {
    rpc = await start();
  });

  it('answers with the output', async () => {
    const text = 'ein schöner Tisch \u{1F6CB}';
    expect(await rpc.call(testRpc.echo, { text })).toEqual({ text });
  });

  it('rejects with the code, detail, extras and retry time of the handler', async () => {
    const refusal = {
      code: 'out_of_stock',
      detail: 'Only two are left',
      extras: { productIds: ['p'] },
      retryAfterSeconds: 7,
    };
    const error = await rpc.call(testRpc.refuse, {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject(refusal);
    expect(logged).toEqual([]);
  });

  it('rejects with only "internal" for an unexpected error, which the server logs with its message', async () => {
    const error: unknown = await rpc.call(testRpc.crash, {}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'internal' });
    expect(JSON.stringify(error)).not.toContain('password');
    expect(logged).toMatchObject([
      { procedure: 'test.crash', err: { message: 'the password is x', cause: { message: 'deeper' } } },
    ]);
  });

  it('rejects with unavailable when a store is down', async () => {
    await expect(rpc.call(testRpc.whoami, {})).rejects.toMatchObject({ code: 'unavailable' });
    expect(logged).toEqual([]);
  });

  it('names the invalid fields of an input', async () => {
    const wrong = { text: 5 } as unknown as { text: string };
    const { errors } = { errors: [{ field: 'text', message: expect.any(String) as string }] };
    await expect(rpc.call(testRpc.echo, wrong)).rejects.toMatchObject({ code: 'invalid_request', extras: { errors } });
  });

  it('rejects with unavailable when its deadline has passed', async () => {
    const context = { requestId: 'r', deadlineAt: performance.now() + 100 };
    const startedAt = performance.now();
    const call = runInContext(context, () => rpc.call(testRpc.work, { ms: 1500 }));
    await expect(call).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
    expect(performance.now() - startedAt).toBeLessThan(1400);
  });

  it('is not sent when no time is left', async () => {
    const context = { requestId: 'r', deadlineAt: performance.now() - 1 };
    await expect(runInContext(context, () => rpc.call(testRpc.work, { ms: 0 }))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('carries the request id and the rest of the deadline', async () => {
    const context = { requestId: 'request-7', deadlineAt: performance.now() + 800 };
    const { ms, requestId } = await runInContext(context, () => rpc.call(testRpc.timeLeft, {}));
    expect(requestId).toBe('request-7');
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(801);
  });

  it('has the deadline of its contract when the request has none', async () => {
    const { ms, requestId } = await rpc.call(testRpc.timeLeft, {});
    expect(ms).toBeLessThanOrEqual(testRpc.timeLeft.deadlineMs + 1);
    expect(requestId).not.toBe('');
  });
});

describe('serialized JSON', () => {
  it.each([2, 1500, 20_000, 3_000_000])('of %i bytes arrives as the bytes it is', async (bytes) => {
    const body = randomBytes(bytes);
    const rpc = callerOf(await serve({ page: () => new SerializedJson(body, '"tag"') }));
    const answers = await Promise.all([1, 2, 3].map(() => rpc.call(testRpc.page, {})));
    for (const answer of answers) {
      expect(answer).toBeInstanceOf(SerializedJson);
      expect(answer.etag).toBe('"tag"');
      expect(answer.body.equals(body)).toBe(true);
    }
  });

  it('is the same object within a process', async () => {
    const page = SerializedJson.of({ a: 1 });
    const server = await serve({ page: () => page });
    const rpc = new Rpc({ server, localServices: new Set(['test']), addresses: {} });
    expect(await rpc.call(testRpc.page, {})).toBe(page);
  });
});

describe('a message over the limit', () => {
  const text = 'x'.repeat(20_000);

  it('is refused by its sender without closing the connection', async () => {
    const server = await serve({ ...handlers, many: () => ({ text }) }, { maxFrameBytes: 10_000 });
    const rpc = callerOf(server);
    await expect(rpc.call(testRpc.many, { bytes: 1 })).rejects.toMatchObject({ code: 'internal' });
    expect(String(logged[0])).toContain('over the limit of 10000');
    expect(await rpc.call(testRpc.echo, { text: 'small' })).toEqual({ text: 'small' });
  });

  it('is refused with payload_too_large when a caller sends it', async () => {
    const rpc = callerOf(await serve(handlers));
    const huge = 'x'.repeat(9_000_000);
    await expect(rpc.call(testRpc.echo, { text: huge })).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(await rpc.call(testRpc.echo, { text: 'small' })).toEqual({ text: 'small' });
  });

  it('closes the connection of a sender without that limit, which reconnects', async () => {
    const rpc = callerOf(await serve(handlers, { maxFrameBytes: 10_000 }));
    await expect(rpc.call(testRpc.echo, { text })).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(async () => expect(await rpc.call(testRpc.echo, { text: 'a' })).toEqual({ text: 'a' }));
  });
});

it('an answer that JSON cannot express is an error of that call, and the server goes on', async () => {
  const rpc = callerOf(await serve({ ...handlers, page: () => ({ big: 1n }) }));
  await expect(rpc.call(testRpc.page, {})).rejects.toMatchObject({ code: 'internal' });
  expect(await rpc.call(testRpc.echo, { text: 'on' })).toEqual({ text: 'on' });
});

it('an unknown procedure is an error of that call alone', async () => {
  const rpc = callerOf(await serve({ echo: handlers.echo }));
  await expect(rpc.call(testRpc.refuse, {})).rejects.toMatchObject({ code: 'unavailable' });
  expect(await rpc.call(testRpc.echo, { text: 'on' })).toEqual({ text: 'on' });
});

it('a refusal with an unknown code, from a newer server, is an error of that call alone', async () => {
  const refuse = () => {
    const error = new AppError('out_of_stock', 'That is too much');
    throw Object.defineProperties(error, { code: { value: 'quota_exceeded' }, status: { value: 409 } });
  };
  const rpc = callerOf(await serve({ ...handlers, refuse }));
  const meanwhile = rpc.call({ ...testRpc.work, idempotent: false }, { ms: 200 });
  await expect(rpc.call(testRpc.refuse, {})).rejects.toMatchObject({ code: 'unavailable', detail: 'That is too much' });
  await expect(meanwhile).resolves.toEqual({ pid: 1 });
});

it('a server without a port answers only its own process', async () => {
  const server = new RpcServer();
  await new Promise<unknown>((resolve) => server.listen(resolve));
  expect(server.listeningPort).toBeUndefined();
});
