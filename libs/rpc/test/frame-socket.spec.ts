import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FrameSocket, FrameTooLargeError } from '../src/frame-socket.js';

const server = createServer();
let near: Socket;
let far: Socket;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  [far] = (await once(server, 'connection')) as [Socket];
});

afterAll(() => {
  near.destroy();
  server.close();
});

it('frames arrive unchanged and in order, however they are batched', async () => {
  const sender = new FrameSocket(near);
  const received: unknown[] = [];
  new FrameSocket(far);
  far.on('message', (head: object, body?: Buffer) => received.push([head, body?.toString('latin1')]));

  const body = fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 150_000 }));
  const frame = fc.record({ text: fc.string({ unit: 'grapheme' }), body, newTurn: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 40 }), async (frames) => {
      received.length = 0;
      const sent: unknown[] = [];
      for (const { text, body: bytes, newTurn } of frames) {
        const buffer = bytes === undefined ? undefined : Buffer.alloc(bytes, `${text}.`, 'utf8');
        sender.send({ text }, buffer);
        sent.push([{ text }, buffer?.toString('latin1')]);
        if (newTurn) await turn();
      }
      await vi.waitUntil(() => received.length === sent.length, { interval: 1 });
      expect(received).toEqual(sent);
    }),
    { numRuns: 100 },
  );
});

it('a frame over the limit is refused, and later frames are sent', () => {
  const sender = new FrameSocket(near, { maxFrameBytes: 100 });
  expect(() => sender.send({ text: 'x'.repeat(100) })).toThrow(FrameTooLargeError);
  expect(() => sender.send({}, Buffer.alloc(99))).toThrow('over the limit of 100');
  expect(() => sender.send({}, Buffer.alloc(98))).not.toThrow();
});
