// A call through the balanced RPC against plain Nest TCP and against a call within the process.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setInterval } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { catalogRpc } from '@shop/contracts/catalog';
import { newRequestId, runInContext } from '@shop/rpc/context';
import { Rpc } from '@shop/rpc/rpc';
import { RpcServer } from '@shop/rpc/rpc-server';
import { firstValueFrom } from 'rxjs';
import { balancedModule, productId, ready } from './rpc-service.ts';
import { median, spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const ROUNDS = 9;
const SECONDS = 1;
const host = '127.0.0.1';
/** All calls are made in the context of a request, as in a gateway. */
const context = { requestId: newRequestId(), deadlineAt: Infinity };
const input = { product: productId };

interface Server {
  child: ChildProcess;
  port: number;
}

interface Contender {
  name: string;
  servers: Server[];
  call: () => Promise<unknown>;
}

interface Measured {
  perSecond: number;
  /** CPU µs per call. */
  caller: number;
  server: number;
}

export async function main(args: string[]): Promise<Figures> {
  const servers = await Promise.all(['plain', 'balanced', 'balanced', 'balanced', 'balanced'].map(startServer));
  const [plain, single, ...three] = servers as [Server, Server, ...Server[]];
  const rpc = balancedRpc([single]);
  const spreadRpc = balancedRpc(three);
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host, port: plain.port } });
  const inProcess = await rpcInProcess();
  const contenders: Contender[] = [
    {
      name: 'plain Nest TCP, JSON in a string',
      servers: [plain],
      call: () => firstValueFrom(client.send('text', input)),
    },
    { name: 'plain Nest TCP, an object', servers: [plain], call: () => firstValueFrom(client.send('object', input)) },
    { name: 'balanced RPC, 1 server', servers: [single], call: () => rpc.call(catalogRpc.getProduct, input) },
    {
      name: 'balanced RPC, 3 servers',
      servers: three,
      call: () => spreadRpc.call(catalogRpc.getProduct, input),
    },
    { name: 'inside the process', servers: [], call: () => inProcess.call(catalogRpc.getProduct, input) },
  ];
  try {
    console.log(`medians, product of ${ready.body.length} bytes, ${ROUNDS} rounds of ${SECONDS} s each`);
    const figures: Figures = [];
    for (const callers of args.length > 0 ? args.map(Number) : [1, 16, 64])
      figures.push(...(await compare(contenders, callers)));
    return [...figures, await shares(contenders[3]!)];
  } finally {
    for (const { child } of servers) child.disconnect();
    await client.close();
    for (const each of [rpc, spreadRpc, inProcess]) each.close();
  }
}

async function startServer(kind: string): Promise<Server> {
  const child = fork(new URL('./rpc-server.ts', import.meta.url).pathname, [kind], { execArgv: process.execArgv });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

function balancedRpc(servers: Server[]): Rpc {
  return new Rpc({ addresses: { catalog: servers.map(({ port }) => `${host}:${port}`).join(',') } });
}

async function rpcInProcess(): Promise<Rpc> {
  const server = new RpcServer();
  const app = await NestFactory.createMicroservice(balancedModule, { strategy: server, logger: ['error'] });
  await app.listen();
  return new Rpc({ server, localServices: new Set(['catalog']), addresses: {} });
}

/** All contenders in turn, so that changes of the machine's speed affect all alike. */
async function compare(contenders: Contender[], callers: number): Promise<Figures> {
  const results = contenders.map(() => [] as Measured[]);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [i, contender] of contenders.entries()) {
      const measured = await measure(contender, callers);
      if (round > 0) results[i]!.push(measured); // the first round warms up
    }
  }
  const cpu = results.map((rounds) => rounds.map(({ caller, server }) => caller + server));
  // The cheaper variant of plain Nest.
  const floor = median(cpu[0]!) <= median(cpu[1]!) ? cpu[0]! : cpu[1]!;
  const rows = contenders.map(({ name }, i) => {
    const column = (key: keyof Measured) => median(results[i]!.map((measured) => measured[key]));
    const ratios = cpu[i]!.map((value, round) => value / floor[round]!);
    return {
      [`${callers} concurrent calls`]: name,
      'calls/s': Math.round(column('perSecond')),
      'caller CPU µs': column('caller').toFixed(1),
      'server CPU µs': column('server').toFixed(1),
      'CPU against plain': spread(ratios, 2),
    };
  });
  console.table(rows);
  return rows
    .slice(2)
    .map((row) => [
      `RPC, ${callers} concurrent calls, ${contenders[rows.indexOf(row)]!.name}: CPU of both ends against plain Nest TCP`,
      row['CPU against plain']!,
    ]);
}

async function measure({ servers, call }: Contender, callers: number): Promise<Measured> {
  let calls = 0;
  const before = await cpuOf(servers);
  const own = process.cpuUsage();
  const startedAt = performance.now();
  const endsAt = startedAt + SECONDS * 1000;
  const caller = async () => {
    while (performance.now() < endsAt) {
      await runInContext(context, call);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(own);
  const after = await cpuOf(servers);
  return { perSecond: calls / seconds, caller: (user + system) / calls, server: (after - before) / calls };
}

/**
 * How evenly three servers share calls at a sustainable rate. (Closed-loop callers, as above, send more calls to the server
 * that is faster at the moment, which is the purpose of least-outstanding.)
 */
async function shares({ servers, call }: Contender): Promise<Figures[number]> {
  const before = await Promise.all(servers.map(askServer));
  const calls: Promise<unknown>[] = [];
  for await (const _ of setInterval(5)) {
    for (let i = 0; i < 10; i += 1) calls.push(runInContext(context, call));
    if (calls.length >= 20_000) break;
  }
  await Promise.all(calls);
  const after = await Promise.all(servers.map(askServer));
  const percent = after.map((usage, i) => `${((usage.calls - before[i]!.calls) / (calls.length / 100)).toFixed(1)} %`);
  console.log(`\nshares of 3 servers in ${calls.length} calls at a steady rate: ${percent.join(', ')}`);
  return ['shares of three servers at a steady rate', percent.join(', ')];
}

type Usage = NodeJS.CpuUsage & { calls: number };

async function cpuOf(servers: Server[]): Promise<number> {
  const usages = await Promise.all(servers.map(askServer));
  return usages.reduce((sum, { user, system }) => sum + user + system, 0);
}

async function askServer({ child }: Server): Promise<Usage> {
  child.send('usage');
  const [usage] = (await once(child, 'message')) as [Usage];
  return usage;
}
