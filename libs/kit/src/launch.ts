// Builds one process out of services: configuration, log, ports, the boot check, and a way to end without cutting anything off.
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { services as serviceTable, type ServiceRow } from '@shop/contracts/services';
import { Rpc } from '@shop/rpc/rpc';
import { RpcServer } from '@shop/rpc/rpc-server';
import type { FastifyInstance } from 'fastify';
import { checkHandlers } from './boot-check.js';
import { readConfigs, type Env } from './config.js';
import { findJobHandlers, type FoundJobHandler } from './handles-job.js';
import { Health, HealthModule } from './health.js';
import { createHttpAdapter, setUpHttp } from './http.js';
import { kitConfig, type KitConfig } from './kit.config.js';
import { Log } from './log.js';
import { collectProcessMetrics } from './metrics.js';
import { createOpsServer } from './ops.js';
import type { Queues } from './queue.js';
import { startRepeating } from './repeat.js';
import type { Service } from './service.js';

export interface Running {
  app: NestFastifyApplication;
  /** The public door, of a process that has one. */
  url: string | undefined;
  opsUrl: string;
  /** Where other processes call this one; undefined when nobody does. */
  rpcPort: number | undefined;
  /** Ends without cutting off what is in flight; the second call waits for the first. */
  stop(): Promise<void>;
}

/** Starts `services` in this process. Throws ConfigError or BootError, each naming everything that is wrong. */
export async function launch(services: readonly Service[], env: Env): Promise<Running> {
  const configs = readConfigs([kitConfig, ...services.flatMap(({ config }) => config ?? [])], env);
  const config = configs.get(kitConfig.token) as KitConfig;
  const name = services.length === 1 ? services[0]!.name : 'all';
  const log = new Log(config.LOG_LEVEL, name);
  const closers: (() => unknown)[] = [() => log.flush()];
  try {
    return await assemble({ services, configs, config, log, closers });
  } catch (error) {
    for (const close of closers.reverse()) await close();
    throw error;
  }
}

interface Parts {
  services: readonly Service[];
  configs: Map<symbol, unknown>;
  config: KitConfig;
  log: Log;
  /** What is open so far, in order of opening. */
  closers: (() => unknown)[];
}

async function assemble({ services, configs, config, log, closers }: Parts): Promise<Running> {
  collectProcessMetrics();
  const booted: { health?: Health } = {};
  const ops = createOpsServer(() => booted.health);
  closers.push(() => ops.close());
  const opsUrl = await ops.listen({ host: config.HOST, port: config.OPS_PORT ?? ownPorts(services).opsPort });

  const rpcServer = createRpcServer(services, config, log);
  const rpc = createRpc(services, config, rpcServer, log);
  closers.push(() => rpc.close());
  const core = coreModule(services, [
    ...[...configs].map(([token, values]) => ({ provide: token, useValue: values })),
    { provide: Log, useValue: log },
    { provide: Rpc, useValue: rpc },
  ]);
  const app = await NestFactory.create<NestFastifyApplication>(core, createHttpAdapter(config, log), {
    logger: log,
    bodyParser: false,
    abortOnError: false,
  });
  closers.push(() => app.close());
  const completeHttp = setUpHttp(app, config, log);
  for (const { http } of services) if (typeof http === 'function') http(app);
  app.connectMicroservice({ strategy: rpcServer }, { inheritAppConfig: true });
  await app.init();
  completeHttp();

  const instances = instancesOf(app);
  const jobHandlers = findJobHandlers(instances);
  checkHandlers(services, rpcServer.handlerNames(), jobHandlers);
  await app.startAllMicroservices();
  const queues = await startWorkers(app, jobHandlers, (queue) => concurrencyOf(queue, services, configs));
  const url = services.some(({ http }) => http) ? await listen(app, config) : undefined;
  // Last, because a start that fails would have to stop them.
  const stopRepeating = startRepeating(instances, configs, log);
  booted.health = app.get<Health>(Health);
  booted.health.serve();

  let stopping: Promise<void> | undefined;
  const running = { app, url, opsUrl, rpcPort: rpcServer.listeningPort };
  const stop = () => (stopping ??= shutDown({ running, config, log, rpcServer, rpc, queues, stopRepeating, ops }));
  return { ...running, stop };
}

function ownPorts(services: readonly Service[]): ServiceRow {
  // Several services in one process answer each other inside it, so it needs no RPC port unless told.
  return services.length === 1 ? serviceTable[services[0]!.name] : { opsPort: serviceTable.gateway.opsPort };
}

function createRpcServer(services: readonly Service[], config: KitConfig, log: Log): RpcServer {
  const port = config.RPC_PORT ?? ownPorts(services).rpcPort;
  return new RpcServer(port === undefined ? { log } : { host: config.HOST, port, log });
}

function createRpc(services: readonly Service[], config: KitConfig, server: RpcServer, log: Log): Rpc {
  return new Rpc({
    server,
    localServices: new Set(services.map(({ name }) => name)),
    addresses: {
      accounts: config.ACCOUNTS_ADDRESSES,
      catalog: config.CATALOG_ADDRESSES,
      orders: config.ORDERS_ADDRESSES,
      payments: config.PAYMENTS_ADDRESSES,
    },
    strategy: config.RPC_STRATEGY,
    log,
  });
}

function coreModule(services: readonly Service[], providers: NonNullable<DynamicModule['providers']>): DynamicModule {
  @Global()
  @Module({})
  class CoreModule {}
  return {
    module: CoreModule,
    imports: [HealthModule, DiscoveryModule, ...services.map(({ module }) => module)],
    providers,
    exports: providers.map((provider) => (provider as { provide: symbol }).provide),
  };
}

function instancesOf(app: NestFastifyApplication): object[] {
  const discovery = app.get(DiscoveryService);
  return [...discovery.getControllers(), ...discovery.getProviders()]
    .map(({ instance }) => instance as unknown)
    .filter((instance): instance is object => typeof instance === 'object' && instance !== null);
}

async function startWorkers(
  app: NestFastifyApplication,
  found: readonly FoundJobHandler[],
  concurrency: (queue: string) => number,
): Promise<Queues | undefined> {
  if (found.length === 0) return undefined;
  // Whoever has jobs has loaded it already; a process without them saves BullMQ's 9 MB.
  const { Queues } = await import('./queue.js');
  const queues = app.get(Queues, { strict: false });
  for (const queue of new Set(found.map(({ mark }) => mark.queue))) {
    const handlers = new Map(
      found
        .filter(({ mark }) => mark.queue === queue)
        .map(({ mark, method }) => [mark.name, { job: mark, handle: method }]),
    );
    queues.work(queue, { handlers, concurrency: concurrency(queue) });
  }
  return queues;
}

function concurrencyOf(queue: string, services: readonly Service[], configs: Map<symbol, unknown>): number {
  const { config, concurrency } = services.find(({ name }) => name === queue) ?? {};
  if (config && concurrency) return concurrency(configs.get(config.token) as never);
  return (configs.get(kitConfig.token) as KitConfig).QUEUE_CONCURRENCY;
}

async function listen(app: NestFastifyApplication, config: KitConfig): Promise<string> {
  await app.listen(config.PORT, config.HOST);
  return app.getUrl();
}

interface Stopping {
  running: Omit<Running, 'stop'>;
  config: KitConfig;
  log: Log;
  rpcServer: RpcServer;
  rpc: Rpc;
  queues: Queues | undefined;
  stopRepeating: () => Promise<void>;
  ops: FastifyInstance;
}

/** From the outside in: nothing new comes, what is there finishes, then what it needed goes away. */
async function shutDown({ running: { app, url }, ...parts }: Stopping): Promise<void> {
  const { config, log, rpcServer, rpc, queues, stopRepeating, ops } = parts;
  app.get(Health).drain();
  await sleep(config.SHUTDOWN_DELAY_MS);
  const end = performance.now() + config.SHUTDOWN_GRACE_MS;
  const left = () => Math.max(0, end - performance.now());
  if (url) await closeDoor(app, left());
  await rpcServer.drain(left());
  await queues?.drain(left());
  await stopRepeating();
  await app.close();
  rpc.close();
  await ops.close();
  log.info({}, 'stopped');
  await log.flush();
}

async function closeDoor(app: NestFastifyApplication, graceMs: number): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const cut = setTimeout(() => fastify.server.closeAllConnections(), graceMs).unref();
  await fastify.close();
  clearTimeout(cut);
}
