// Gateways that answer as told and remember who asked, for tests of what nginx does in front of them; and names for them.
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
  /** What it says to everybody; `name` tells which one it is. */
  answer: Answer = (_request, response) => void response.setHeader('content-type', 'text/plain').end(this.name);
  /** Called when the head of a request is there, its body not yet. */
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

/** What is asked for and answered as it is sent: fetch would tidy the path up and unpack the body. */
export async function raw(url: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    request(url, { path, headers, method }, resolve).once('error', reject).end(),
  );
  return { status: response.statusCode!, headers: response.headers, body: await buffer(response) };
}

/** A name server that knows one name, and at which addresses it is now. */
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

/** An address where nobody even says no, like that of a container that is gone: whoever connects waits. */
export async function startSilent(host: string, port: number): Promise<{ stop(): void }> {
  const script = `require('node:net').createServer().listen({ host: '${host}', port: ${port}, backlog: 1 }, () => console.log())`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  // The kernel takes as many as it has been told to keep waiting, and one more.
  const waiting = Array.from({ length: 4 }, () => connect(port, host).on('error', () => {}));
  const stop = () => {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
  };
  return { stop };
}
