// A test server as a process of its own: runs the built RPC and shuts down on SIGTERM like a service.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentContext } from '../dist/context.js';
import { AppError } from '../dist/errors.js';
import { SerializedJson } from '../dist/serialized-json.js';
import { RpcServer } from '../dist/rpc-server.js';
import { Rpc } from '../dist/rpc.js';
import { farRpc, testRpc } from './contract.ts';

const { host = '127.0.0.1', port = 0, far, log, ...limits } = JSON.parse(process.argv[2]);
const { pid } = process;
const server = new RpcServer({ host, port, ...limits });
const rpc = new Rpc({ addresses: { far } });
const page = SerializedJson.of({ name: 'Schöner Tisch', text: 'x'.repeat(1500) });
let calls = 0;
/** Whether `work` and `write` fail. */
let broken = false;

const timeLeft = () => {
  const { deadlineAt, requestId } = currentContext();
  return { ms: deadlineAt - performance.now(), requestId };
};
const work = async ({ ms }) => {
  calls += 1;
  if (broken) throw new AppError('unavailable', 'The store is out');
  await sleep(ms);
  return { pid };
};
const handlers = {
  whoami: async () => {
    calls += 1;
    return { pid };
  },
  echo: async ({ text }) => ({ text }),
  page: async () => page,
  work,
  write: async ({ key, ms }) => {
    calls += 1;
    if (broken) throw new AppError('internal');
    appendFileSync(log, `${key}\n`);
    await sleep(ms);
    return { pid };
  },
  timeLeft: async () => timeLeft(),
  relay: () => rpc.call(farRpc.timeLeft, {}),
  relayTooLong: () => rpc.call(farRpc.work, { ms: 5000 }),
  refuse: () => Promise.reject(new AppError('out_of_stock', 'Only two are left', { productIds: ['p'] }, 7)),
  crash: () => Promise.reject(new Error('secret')),
  many: async ({ bytes }) => ({ text: 'm'.repeat(bytes) }),
};
for (const [name, handle] of Object.entries(handlers)) server.addHandler(name, handle, false, { rpc: testRpc[name] });
for (const [name, handle] of Object.entries({ work, timeLeft: async () => timeLeft() }))
  server.addHandler(name, handle, false, { rpc: farRpc[name] });

server.listen((error) => {
  if (error) throw error;
  process.send({ port: server.listeningPort, pid });
});
process.on('message', (wanted) => {
  broken = wanted.broken ?? broken;
  process.send({ calls, rss: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', async () => {
  await server.drain(10_000);
  server.close();
  rpc.close();
  process.disconnect();
});
