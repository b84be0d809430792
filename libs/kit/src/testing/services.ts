// Real services and stubbed neighbours for tests, on ports of their own.
import type { MessageHandler } from '@nestjs/microservices';
import type { InputOf, Rpc } from '@shop/contracts/rpc';
import type { AnswerOf } from '@shop/rpc/handles';
import { RpcServer } from '@shop/rpc/rpc-server';
import type { Env } from '../config.js';
import { launch, type Running } from '../launch.js';
import type { Service } from '../service.js';
import { testEnv } from './testing.config.js';

/** Launches services in this process, on free ports, with a quiet log and without the demo shop's images unless `env` says otherwise. */
export function startForTest(services: Service | Service[], env: Env): Promise<Running> {
  const quiet = { NODE_ENV: 'test', LOG_LEVEL: 'silent', SEED_IMAGES: 'off' };
  const own = { PORT: '0', OPS_PORT: '0', RPC_PORT: '0', STORAGE_DIR: testEnv().STORAGE_DIR };
  return launch([services].flat(), { ...quiet, ...own, ...env });
}

export type StubHandlers<T extends Record<string, Rpc>> = {
  [K in keyof T]?: (input: InputOf<T[K]>) => Promise<AnswerOf<T[K]>> | AnswerOf<T[K]>;
};

export interface Stub {
  /** For <SERVICE>_ADDRESSES. */
  address: string;
  stop(): Promise<void>;
}

/** A neighbour that answers by the contract, over real sockets. Handlers may be changed while it runs; one that is missing is an error. */
export async function stubService<T extends Record<string, Rpc>>(rpcs: T, handlers: StubHandlers<T>): Promise<Stub> {
  const server = new RpcServer({ host: '127.0.0.1', port: 0 });
  for (const [key, rpc] of Object.entries(rpcs)) {
    const handle = async (input: never) => {
      const handler = handlers[key];
      if (!handler) throw new Error(`the test has no handler for ${rpc.name}`);
      return handler(input);
    };
    server.addHandler(rpc.name, handle as MessageHandler, false, { rpc });
  }
  await new Promise<void>((resolve, reject) =>
    server.listen((error?: unknown) => (error ? reject(error as Error) : resolve())),
  );
  return { address: `127.0.0.1:${server.listeningPort}`, stop: () => Promise.resolve(server.close()) };
}
