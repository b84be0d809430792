// Servers as processes of their own, and load on them.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { vi } from 'vitest';
import { AppError } from '../src/errors.js';
import type { Rpc } from '../src/rpc.js';
import { testRpc } from './contract.js';

export interface ServerSettings {
  host?: string;
  port?: number;
  /** The addresses of the service `far`. */
  far?: string;
  /** The file to which `write` appends its lines. */
  log?: string;
  maxRunning?: number;
  maxQueued?: number;
  maxFrameBytes?: number;
}

const running = new Set<ServerProcess>();

export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
  ) {
    running.add(this);
  }

  static async start(settings: ServerSettings = {}): Promise<ServerProcess> {
    const file = new URL('./server-process.mjs', import.meta.url).pathname;
    const child = fork(file, [JSON.stringify(settings)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ServerProcess(child, `${settings.host ?? '127.0.0.1'}:${port}`);
  }

  static startSome(count: number, settings: ServerSettings = {}): Promise<ServerProcess[]> {
    return Promise.all(Array.from({ length: count }, () => ServerProcess.start(settings)));
  }

  static async stopAll(): Promise<void> {
    await Promise.all([...running].map((server) => server.end('SIGKILL')));
  }

  get pid(): number {
    return this.child.pid!;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** `work` and `write` fail at once while the server is `broken`. */
  async state(change: { broken?: boolean } = {}): Promise<{ calls: number; rss: number }> {
    this.child.send(change);
    const [state] = (await once(this.child, 'message')) as [{ calls: number; rss: number }];
    return state;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    running.delete(this);
    if (this.hasEnded) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

/** Resolves when `rpc` has reached each of the servers. */
export async function connectedTo(rpc: Rpc, servers: ServerProcess[]): Promise<void> {
  const seen = new Set<number>();
  const all = async () => {
    seen.add((await rpc.call(testRpc.whoami, {})).pid);
    return seen.size === servers.length;
  };
  await vi.waitUntil(all, { timeout: 5000, interval: 5 });
}

export function addressesOf(servers: ServerProcess[]): string {
  return servers.map(({ address }) => address).join(',');
}

/** Callers that repeat a call as soon as it is answered, until stopped. */
export class Load {
  done = 0;
  private readonly answers = new Map<unknown, number>();
  readonly errors: unknown[] = [];
  private stopped = false;
  private readonly callers: Promise<void[]>;

  constructor(
    callers: number,
    private readonly call: (n: number) => Promise<{ pid: number }>,
  ) {
    this.callers = Promise.all(Array.from({ length: callers }, () => this.run()));
  }

  stop(): Promise<unknown> {
    this.stopped = true;
    return this.callers;
  }

  answersOf({ pid }: ServerProcess): number {
    return this.answers.get(pid) ?? 0;
  }

  get codes(): string[] {
    return this.errors.map((error) => (error instanceof AppError ? error.code : String(error)));
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        const { pid } = await this.call(this.done++);
        this.answers.set(pid, (this.answers.get(pid) ?? 0) + 1);
      } catch (error) {
        this.errors.push(error);
        await setImmediate(); // A client that is closed refuses within this turn of the event loop.
      }
    }
  }
}
