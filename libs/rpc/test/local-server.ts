// Servers in the test's own process, reached through real sockets.
import { RpcServer, type RpcServerOptions } from '../src/rpc-server.js';
import { Rpc } from '../src/rpc.js';
import { testRpc } from './contract.js';

type Handlers = { [K in keyof typeof testRpc]?: (input: never) => unknown };

const open: { close(): void }[] = [];

export async function serve(handlers: Handlers, options: RpcServerOptions = {}): Promise<RpcServer> {
  const server = new RpcServer({ host: '127.0.0.1', port: 0, ...options });
  for (const [name, handle] of Object.entries(handlers)) {
    const answer = async (input: unknown): Promise<unknown> => handle(input as never);
    server.addHandler(name, answer as never, false, { rpc: testRpc[name as keyof typeof testRpc] });
  }
  await new Promise<void>((resolve, reject) => {
    server.listen((error) => (error ? reject(error as Error) : resolve()));
  });
  open.push(server);
  return server;
}

export function callerOf(...servers: RpcServer[]): Rpc {
  const addresses = servers.map(({ listeningPort }) => `127.0.0.1:${listeningPort}`).join(',');
  const rpc = new Rpc({ addresses: { test: addresses } });
  open.push(rpc);
  return rpc;
}

export function closeAll(): void {
  for (const each of open.splice(0)) each.close();
}
