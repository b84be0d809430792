// The RPC within Nest: controllers, filters and Nest's own client interface.
import 'reflect-metadata';
import { Controller, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { InputOf } from '@shop/contracts/rpc';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../src/errors.js';
import { SerializedJson } from '../src/serialized-json.js';
import { Handles } from '../src/handles.js';
import { RpcClient } from '../src/rpc-client.js';
import { RpcServer } from '../src/rpc-server.js';
import { testRpc } from './contract.js';

@Controller()
class TestController {
  @Handles(testRpc.echo)
  async echo({ text }: InputOf<typeof testRpc.echo>) {
    return { text: text.toUpperCase() };
  }

  @Handles(testRpc.page)
  async page() {
    return SerializedJson.of({ a: 1 });
  }

  @Handles(testRpc.refuse)
  async refuse(): Promise<Record<string, never>> {
    throw new AppError('email_taken');
  }

  @Handles(testRpc.crash)
  async crash(): Promise<Record<string, never>> {
    throw new Error('secret');
  }
}

@Module({ controllers: [TestController] })
class TestModule {}

let client: RpcClient;
let close: () => Promise<void>;
let server: RpcServer;
beforeEach(async () => {
  server = new RpcServer({ host: '127.0.0.1', port: 0 });
  Logger.overrideLogger(false);
  const app = await NestFactory.createMicroservice(TestModule, { strategy: server, logger: false });
  await app.listen();
  client = new RpcClient({ service: 'test', addresses: `127.0.0.1:${server.listeningPort}` });
  close = () => app.close();
});
afterEach(async () => {
  client.close();
  await close();
});

it('calls are answered by methods of a controller', async () => {
  expect(await client.call(testRpc.echo, { text: 'hello' })).toEqual({ text: 'HELLO' });
  expect(await client.call(testRpc.page, {})).toEqual(SerializedJson.of({ a: 1 }));
});

it('a refusal passes through Nest unchanged', async () => {
  await expect(client.call(testRpc.refuse, {})).rejects.toMatchObject({ code: 'email_taken' });
  await expect(client.call(testRpc.crash, {})).rejects.toMatchObject({ code: 'internal' });
});

it('the client can be called with send() like any client of Nest', async () => {
  expect(await firstValueFrom(client.send('test.echo', { text: 'hello' }))).toEqual({ text: 'HELLO' });
  await expect(firstValueFrom(client.send('test.refuse', {}))).rejects.toMatchObject({ code: 'email_taken' });
});

it('the server lists every procedure that has a handler', () => {
  expect([...server.handlerNames()].sort()).toEqual(['test.crash', 'test.echo', 'test.page', 'test.refuse']);
});
