// Forwards a Service of the cluster to a local port.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Forward {
  port: number;
  stop(): void;
}

export async function forward(namespace: string, service: string, port: number): Promise<Forward> {
  const child = spawn('kubectl', ['-n', namespace, 'port-forward', `svc/${service}`, `:${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () => void child.kill();
  for await (const line of createInterface({ input: child.stdout })) {
    const [, own] = /127\.0\.0\.1:(\d+)/.exec(line) ?? [];
    if (own) return { port: Number(own), stop };
  }
  throw new Error(`kubectl could not forward ${service}`);
}
