import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Body, Controller, Delete, Get, HttpCode, Module, Post } from '@nestjs/common';
import { currentContext } from '@shop/rpc/context';
import { AppError } from '@shop/rpc/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { defineConfig } from '../src/config.js';
import type { Running } from '../src/launch.js';
import { defineService } from '../src/service.js';
import { startForTest } from '../src/testing/services.js';

const Thing = z.strictObject({ name: z.string().min(1), size: z.object({ width: z.int() }).optional() });

let finish: (() => void) | undefined;

@Controller('things')
class ThingsController {
  @Post()
  make(@Body({ schema: Thing }) thing: z.output<typeof Thing>): object {
    return { ...thing, requestId: currentContext()?.requestId };
  }

  @Delete(':name')
  @HttpCode(204)
  remove(): void {}

  @Get('refused')
  refuse(): never {
    throw new AppError('price_changed', 'It costs more now.', { totalCents: 5 });
  }

  @Get('bug')
  fail(): never {
    throw new Error('password=secret');
  }

  @Get('slow')
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => (finish = resolve));
    return { done: true };
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const config = defineConfig({ THINGS_LIMIT: z.coerce.number().default(3) });
const things = defineService({ name: 'gateway', module: ThingsModule, config, http: true });

let running: Running;
beforeAll(async () => {
  running = await startForTest(things, {});
});
afterAll(() => running.stop());

const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetch(`${running.url}/things`, { method: 'POST', body, headers });

async function problem(answer: Promise<Response>): Promise<Record<string, unknown>> {
  const response = await answer;
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body['status']).toBe(response.status);
  expect(body['requestId']).toBe(response.headers.get('x-request-id'));
  return body;
}

test('a request id that makes sense is kept on its way, another is replaced', async () => {
  const headers = { 'content-type': 'application/json', 'x-request-id': 'abc-123' };
  const kept = await post('{"name":"a"}', headers);
  expect(kept.headers.get('x-request-id')).toBe('abc-123');
  expect(await kept.json()).toEqual({ name: 'a', requestId: 'abc-123' });
  const replaced = await post('{"name":"a"}', { ...headers, 'x-request-id': 'a b"c' });
  expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('malformed JSON, wrong types and unknown fields are named', async () => {
  expect(await problem(post('{"name":'))).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(await problem(post(''))).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(await problem(post('{"name":"a","size":{"width":"x"}}'))).toMatchObject({
    status: 400,
    errors: [{ field: 'size.width', message: expect.any(String) }],
  });
  expect(await problem(post('{"name":"a","extra":1}'))).toMatchObject({
    status: 400,
    detail: expect.stringContaining('extra'),
  });
});

test('bodies that are too large or of another kind are refused', async () => {
  expect(await problem(post(JSON.stringify({ name: 'x'.repeat(100_001) })))).toMatchObject({
    code: 'payload_too_large',
    status: 413,
  });
  expect(await problem(post('<a/>', { 'content-type': 'text/xml' }))).toMatchObject({
    code: 'unsupported_media_type',
    status: 415,
  });
  expect(await problem(post('a', { 'content-type': 'text/plain' }))).toMatchObject({ status: 415 });
});

test('a DELETE may name a content type and have no content, but not malformed content', async () => {
  const remove = (body?: string) =>
    fetch(`${running.url}/things/a`, { method: 'DELETE', headers: { 'content-type': 'application/json' }, body });
  expect((await remove()).status).toBe(204);
  expect((await remove('')).status).toBe(204);
  expect((await remove('{}')).status).toBe(204);
  expect(await problem(remove('{'))).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(await problem(remove('{"__proto__":{}}'))).toMatchObject({ status: 400 });
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['headers without end', `GET /things HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
])('%s is a problem too', async (_, text, status) => {
  const socket = connect(Number(new URL(running.url!).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += String(data)));
  socket.write(text);
  await once(socket, 'close');
  const [head, body] = answer.split('\r\n\r\n') as [string, string];
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain('content-type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({
    status,
    code: 'invalid_request',
    requestId: /x-request-id: (.*)/.exec(head)![1],
  });
});

test('refusals keep their code and extras, bugs tell nothing', async () => {
  expect(await problem(fetch(`${running.url}/things/refused`))).toMatchObject({
    status: 409,
    code: 'price_changed',
    totalCents: 5,
  });
  const bug = await problem(fetch(`${running.url}/things/bug`));
  expect(bug).toMatchObject({ status: 500, code: 'internal' });
  expect(JSON.stringify(bug)).not.toContain('secret');
});

test('unknown paths are 404, known paths with another method 405 with Allow', async () => {
  expect(await problem(fetch(`${running.url}/nothing?x=1`))).toMatchObject({ status: 404, code: 'not_found' });
  const answer = await fetch(`${running.url}/things`, { method: 'DELETE' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  expect(await problem(fetch(`${running.url}/things`))).toMatchObject({ code: 'method_not_allowed' });
});

test.each(['TRACE', 'PROPFIND', 'PURGE'])('%s is possible nowhere', async (method) => {
  const sent = request(`${running.url}/things`, { method });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']);
  expect(JSON.parse(await text(response))).toMatchObject({ code: 'method_not_allowed' });
});

test('operations live on their own port only', async () => {
  for (const path of ['/livez', '/readyz', '/metrics']) {
    expect((await fetch(`${running.opsUrl}${path}`)).status).toBe(200);
    expect((await fetch(`${running.url}${path}`)).status).toBe(404);
  }
  const metrics = await (await fetch(`${running.opsUrl}/metrics`)).text();
  expect(metrics).toContain('http_requests_total{method="POST",route="/things",status="400"}');
  expect(metrics).toContain('nodejs_eventloop_lag_seconds');
});

test('stopping finishes the request in flight, tells that it is not ready, and frees the ports', async () => {
  const other = await startForTest(things, { SHUTDOWN_DELAY_MS: '300' });
  const slow = fetch(`${other.url}/things/slow`);
  await expect.poll(() => finish).toBeDefined();
  const stopped = other.stop();
  await expect.poll(async () => (await fetch(`${other.opsUrl}/readyz`)).status).toBe(503);
  // Whoever comes by an open connection is told to open the next one elsewhere.
  expect((await fetch(`${other.url}/things/none`)).headers.get('connection')).toBe('close');
  finish!();
  expect(await (await slow).json()).toEqual({ done: true });
  await stopped;
  const { port } = new URL(other.url!);
  const socket = connect(Number(port), '127.0.0.1');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

test('a configuration with several mistakes is refused with all of them', async () => {
  const start = startForTest(things, {
    THINGS_LIMIT: 'x',
    LOG_LEVEL: 'loud',
    CATALOG_ADDRESSES: 'nowhere',
    TRUST_PROXY: 'nginx',
  });
  await expect(start).rejects.toThrow(/CATALOG_ADDRESSES.*\n.*LOG_LEVEL.*\n.*THINGS_LIMIT.*\n.*TRUST_PROXY/);
});

test('a port in use stops the start and leaves nothing open', async () => {
  const { port } = new URL(running.url!);
  await expect(startForTest(things, { PORT: port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
