import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { withTimeout } from './with-timeout.js';

const MS = 200;

test('what does not come is given up', async () => {
  await expect(withTimeout(new Promise(() => undefined), MS)).rejects.toMatchObject({ code: 'unavailable' });
});

test('what came while the process was held up is in time', async () => {
  // Answers from a thread of its own, which goes on while this one is held up.
  const server = new Worker(
    `const { createServer } = require('node:net');
     const server = createServer((socket) => socket.on('data', (data) => socket.write(data)));
     server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  const [port] = (await once(server, 'message')) as [number];
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('here');
  const answer = withTimeout(once(socket, 'data'), MS);
  const until = performance.now() + 2 * MS;
  while (performance.now() < until);
  expect(String(await answer)).toBe('here');
  socket.destroy();
  await server.terminate();
});
