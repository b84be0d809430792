// A way to a server that behaves as badly as a test wants: slow, cut, reset, or silent.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export class ToxicProxy {
  private readonly sockets = new Set<Socket>();
  private readonly dumb = new WeakSet<Socket>();
  private server: Server | undefined;
  private silent = false;
  private delayMs = 0;
  private ownPort = 0;

  private constructor(
    private readonly host: string,
    private readonly targetPort: number,
  ) {}

  /** A way to `host:port`. */
  static async to(host: string, port: number): Promise<ToxicProxy> {
    const proxy = new ToxicProxy(host, port);
    await proxy.mend();
    return proxy;
  }

  /** A way to the server of this address; `through(url)` words it. */
  static toUrl(url: string): Promise<ToxicProxy> {
    const { hostname, port } = new URL(url);
    return ToxicProxy.to(hostname, Number(port));
  }

  get port(): number {
    return this.ownPort;
  }

  get address(): string {
    return `127.0.0.1:${this.ownPort}`;
  }

  /** The same address by way of this proxy. */
  through(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.ownPort) }).href;
  }

  /** All is well for new connections, and for those that were only slowed down. */
  async mend(): Promise<void> {
    this.silent = false;
    this.delayMs = 0;
    if (this.server?.listening) return;
    this.server = createServer((near) => this.join(near)).listen(this.ownPort, '127.0.0.1');
    await once(this.server, 'listening');
    this.ownPort = (this.server.address() as AddressInfo).port;
  }

  /** Connections break, and new ones are refused, as when the server is gone. */
  async cut(): Promise<void> {
    const server = this.server!;
    if (!server.listening) return;
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(server, 'close');
  }

  /** Every connection is reset in the middle of whatever it is doing; new ones work. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Half-open: connections stay and new ones are accepted, but what is sent is lost. Those connections stay so after mend(). */
  silence(): void {
    this.silent = true;
    for (const socket of this.sockets) this.dumb.add(socket);
  }

  /** Everything arrives so much later, in each direction. */
  slowDown(delayMs: number): void {
    this.delayMs = delayMs;
  }

  private join(near: Socket): void {
    const far = connect(this.targetPort, this.host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      if (this.silent) this.dumb.add(from);
      from.setNoDelay();
      // One after the other, so that bytes stay in their order whenever the delay changes.
      let last = Promise.resolve();
      from.on('data', (data) => {
        const dueAt = performance.now() + this.delayMs;
        last = last.then(() => this.pass(data, to, dueAt));
      });
      from.on('end', () => void last.then(() => to.end()));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        // After what it had still to say.
        void last.then(() => to.destroy());
      });
    }
  }

  private async pass(data: Buffer, to: Socket, dueAt: number): Promise<void> {
    const wait = dueAt - performance.now();
    if (wait > 0) await setTimeout(wait);
    if (!this.dumb.has(to) && to.writable) to.write(data);
  }
}
