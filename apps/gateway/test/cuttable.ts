// A line to a server that a test can cut, mend and let go silent.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class Cuttable {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private silent = false;
  private port = 0;

  private constructor(private readonly target: URL) {}

  static async to(url: string): Promise<Cuttable> {
    const line = new Cuttable(new URL(url));
    await line.mend();
    return line;
  }

  /** The target's address, by way of this line. */
  get url(): string {
    return Object.assign(new URL(this.target), { hostname: '127.0.0.1', port: String(this.port) }).href;
  }

  async mend(): Promise<void> {
    this.silent = false;
    this.server = createServer((near) => this.join(near)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Connections break, and new ones are refused. */
  async cut(): Promise<void> {
    const server = this.server!;
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(server, 'close');
  }

  /** Connections stay, but nothing comes through any more; ends with cut() and mend(). */
  silence(): void {
    this.silent = true;
  }

  private join(near: Socket): void {
    const far = connect(Number(this.target.port || 6379), this.target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (data) => void (this.silent || to.write(data)));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
