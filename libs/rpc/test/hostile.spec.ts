// Peers that send garbage, do not read, or never stop.
import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FrameSocket } from '../src/frame-socket.js';
import { RpcClient } from '../src/rpc-client.js';
import { Rpc } from '../src/rpc.js';
import { testRpc } from './contract.js';
import { closeAll, serve } from './local-server.js';
import { ServerProcess } from './processes.js';

beforeAll(() => Logger.overrideLogger(false));
afterEach(closeAll);
afterAll(() => ServerProcess.stopAll());

describe('a server', () => {
  const nonsense = {
    HTTP: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    zeros: Buffer.alloc(100_000),
    'all ones': Buffer.alloc(100, 0xff),
    'a head that is longer than its frame': frame('{}', { headBytes: 9 }),
    'a head that is no JSON': frame('{"id":'),
    'a head that is no object': frame('7'),
    'a head that is no call': frame('{"id":1}'),
    'a call of nothing': frame('{"id":1,"left":100,"sentAt":1,"call":{"a":[]}}'),
  };

  it.each(Object.entries(nonsense))('goes on after %s', async (_, bytes) => {
    const server = await serve({ echo: ({ text }: { text: string }) => ({ text }) });
    const socket = connect(server.listeningPort!, '127.0.0.1');
    await once(socket, 'data'); // its hello
    socket.on('error', () => undefined);
    const said = new Promise((resolve) => socket.once('close', resolve).once('data', resolve));
    socket.write(bytes);
    await said;
    socket.destroy();
    const rpc = new Rpc({ addresses: { test: `127.0.0.1:${server.listeningPort}` } });
    expect(await rpc.call(testRpc.echo, { text: 'on' })).toEqual({ text: 'on' });
    rpc.close();
  });

  it('reads frames that arrive in pieces, and several at once', async () => {
    const server = await serve({ echo: ({ text }: { text: string }) => ({ text }) });
    const socket = connect(server.listeningPort!, '127.0.0.1');
    const replies: unknown[] = [];
    new FrameSocket(socket);
    socket.on('message', (message: { output?: unknown }) => message.output && replies.push(message.output));
    const bytes = Buffer.concat(
      ['a', 'ö', 'c'.repeat(200_000)].map((text, id) => frame(JSON.stringify(call(id, 'echo', { text })))),
    );
    for (let at = 0; at < 200; at += 1) {
      socket.write(bytes.subarray(at, at + 1));
      await new Promise(setImmediate);
    }
    socket.write(bytes.subarray(200));
    await vi.waitUntil(() => replies.length === 3);
    expect(replies).toEqual([{ text: 'a' }, { text: 'ö' }, { text: 'c'.repeat(200_000) }]);
    socket.destroy();
  });

  it('keeps its memory bounded and serves others when a caller reads none of its answers', async () => {
    const server = await ServerProcess.start();
    const [host, port] = server.address.split(':') as [string, string];
    const rpc = new Rpc({ addresses: { test: server.address } });
    await rpc.call(testRpc.echo, { text: 'warm' });
    const before = (await server.state()).rss;
    const greedy = connect(Number(port), host);
    greedy.on('error', () => undefined);
    await once(greedy, 'connect');
    greedy.pause();
    // All answers together would take a gigabyte.
    for (let id = 0; id < 10_000; id += 1) greedy.write(frame(JSON.stringify(call(id, 'many', { bytes: 100_000 }))));
    for (let i = 0; i < 50; i += 1) {
      expect(await rpc.call(testRpc.echo, { text: 'on' })).toEqual({ text: 'on' });
      expect((await server.state()).rss - before).toBeLessThan(200_000_000);
    }
    greedy.destroy();
    rpc.close();
  });
});

describe('a caller', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  it('gets overloaded from its own client when a server reads nothing, before memory fills up', async () => {
    const client = await clientOf((socket) => {
      socket.pause();
      socket.write(frame('{"draining":false}'));
    });
    const text = 'x'.repeat(1_000_000);
    const codes = await Promise.all(
      Array.from({ length: 30 }, async () => {
        await new Promise(setImmediate);
        return client
          .call({ ...testRpc.echo, deadlineMs: 800 }, { text })
          .catch((error: { code: string }) => error.code);
      }),
    );
    expect(codes).toContain('overloaded');
    client.close();
  });

  it.each([
    ['sends garbage', (socket: Socket) => socket.write('220 mail.example ESMTP ready\r\n')],
    ['sends nothing', () => undefined],
    ['closes the connection', (socket: Socket) => socket.destroy()],
  ])('gets unavailable from a server that %s', async (_, behave) => {
    const client = await clientOf(behave);
    const call = client.call({ ...testRpc.whoami, deadlineMs: 20_000 }, {});
    await expect(call).rejects.toMatchObject({ code: 'unavailable', detail: 'test cannot be reached' });
    client.close();
  });

  async function clientOf(behave: (socket: Socket) => void): Promise<RpcClient> {
    const sockets = new Set<Socket>();
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      behave(socket);
    });
    server.on('close', () => sockets.forEach((socket) => socket.destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new RpcClient({ service: 'test', addresses: `127.0.0.1:${port}`, maxBufferedBytes: 5_000_000 });
  }
});

function call(id: number, procedure: string, input: object): object {
  return { id, call: `test.${procedure}`, input, left: 5000, sentAt: 0, requestId: 'r' };
}

function frame(head: string, { headBytes = Buffer.byteLength(head) } = {}): Buffer {
  const text = Buffer.from(head);
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32BE(text.length, 0);
  prefix.writeUInt32BE(headBytes, 4);
  return Buffer.concat([prefix, text]);
}
