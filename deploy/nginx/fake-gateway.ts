// Fake gateways that record their requests, and a fake name server, for tests of nginx.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { decode, encode } from 'dns-packet';
import { freePort } from '@shop/tools/ports';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class FakeGateway {
  readonly seen: Seen[] = [];
  /** Its response to every request; by default its name. */
  answer: Answer = (_request, response) => void response.setHeader('content-type', 'text/plain').end(this.name);
  /** Called when the head of a request has arrived, before its body. */
  onRequest: () => void = () => {};
  readonly name: string;
  readonly port: number;
  readonly host: string;
  private server = createServer();

  private constructor(name: string, port: number, host: string) {
    this.name = name;
    this.port = port;
    this.host = host;
  }

  static async start(name: string, { port, host = '127.0.0.1' }: { port?: number; host?: string } = {}) {
    const gateway = new FakeGateway(name, port ?? (await freePort()), host);
    await gateway.open();
    return gateway;
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  async open(): Promise<void> {
    this.server = createServer((request, response) => void this.take(request, response));
    this.server.listen(this.port, this.host);
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.onRequest();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    this.seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    this.answer(request, response);
  }
}

/** Sends and returns the exact bytes: fetch would normalize the path and decompress the body. */
export async function raw(url: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    request(url, { path, headers, method }, resolve).once('error', reject).end(),
  );
  return { status: response.statusCode!, headers: response.headers, body: await buffer(response) };
}

/** A name server that answers every name with its current addresses. */
export async function startNameServer(): Promise<{ port: number; addresses: string[]; stop(): void }> {
  const socket = createSocket('udp4');
  const server = { port: 0, addresses: [] as string[], stop: () => void socket.close() };
  socket.on('message', (message, from) => {
    const { id, questions } = decode(message);
    const name = questions?.[0]?.name ?? '';
    const answers = server.addresses.map((data) => ({ type: 'A', name, ttl: 0, data }) as const);
    socket.send(encode({ type: 'response', id, questions, answers }), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  server.port = socket.address().port;
  return server;
}

/** An unresponsive address, like that of a removed container: connections neither succeed nor fail. */
export async function startSilent(host: string, port: number): Promise<{ stop(): void }> {
  const script = `require('node:net').createServer().listen({ host: '${host}', port: ${port}, backlog: 1 }, () => console.log())`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  // The kernel queues as many connections as the backlog, and one more.
  const waiting = Array.from({ length: 4 }, () => connect(port, host).on('error', () => {}));
  const stop = () => {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
  };
  return { stop };
}
