// The common part of `npm start`, `npm run dev` and `npm run start:split`: one owner of the data folder, free ports, a
// build, and the stores.
import { join } from 'node:path';
import { claim, dataDir, type Claim } from './data-dir.ts';
import type { Interrupt } from './interrupt.ts';
import { build } from './nx.ts';
import { holderOf, isFree, reachableHost } from './ports.ts';
import { until } from './processes.ts';
import { startStores } from './stores/stores.ts';
import { Failure, step } from './terminal.ts';

export interface Shop {
  /** The environment of every process of the shop. */
  env: NodeJS.ProcessEnv;
  claim: Claim;
  /** Stops the stores and releases the folder. The services must have stopped before. */
  close(): Promise<void>;
}

export interface OpenShop {
  /** The command that occupies the folder: `npm start`. */
  command: string;
  /** Ports that must be free, by the variable that changes each or by their use. */
  ports: Record<string, number>;
  /** False starts the last build. */
  build?: boolean;
  interrupt: Interrupt;
}

export async function openShop({ command, ports, build: wanted = true, interrupt }: OpenShop): Promise<Shop> {
  const mine = await claim(dataDir, command);
  try {
    await refuseTakenPorts(ports);
    if (wanted) await build({ signal: interrupt.asked });
    const stores = await step('Starting Postgres and Redis', () => startStores(dataDir));
    const close = async () => {
      await step('Stopping Redis and Postgres', () => stores.stop());
      await mine.release();
    };
    if (!interrupt.asked.aborted)
      return { env: { ...process.env, ...developmentEnv(), ...stores.env }, claim: mine, close };
    await close();
    throw interrupt.asked.reason;
  } catch (error) {
    await mine.release();
    throw error;
  }
}

/** Demo data and the fake payment provider are defaults, except in production. */
function developmentEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV, SEED, PAYMENT_PROVIDER } = process.env;
  const defaults =
    NODE_ENV === 'production' ? {} : { SEED: SEED || 'demo', PAYMENT_PROVIDER: PAYMENT_PROVIDER || 'fake' };
  return { ...defaults, DATA_DIR: dataDir };
}

async function refuseTakenPorts(ports: Record<string, number>): Promise<void> {
  for (const [use, port] of Object.entries(ports)) {
    const other = Object.keys(ports).find((name) => name !== use && ports[name] === port);
    if (other) throw new Failure(`${use} and ${other} are both ${port}: give each its own port.`);
    // A shop that has just stopped may still hold its ports for a moment.
    if (await until(() => isFree(port), 500)) continue;
    const holder = holderOf(port);
    const wayOut = /^[A-Z_]+$/.test(use)
      ? `, or choose another with ${use}=${await freeFrom(port + 1)}`
      : ` (needed by ${use})`;
    throw new Failure(`Port ${port} is already in use${holder ? ` by ${holder}` : ''}. Stop that process${wayOut}.`);
  }
}

async function freeFrom(port: number): Promise<number> {
  while (!(await isFree(port))) port++;
  return port;
}

/** A port from the environment. */
export function portOf(variable: string, otherwise: number): number {
  const text = process.env[variable] || String(otherwise);
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new Failure(`${variable}=${text} is not a port: it must be a number from 1 to 65535.`);
}

/** The URL of a port of the shop on this machine; `friendly` says `localhost` where possible. */
export function addressOf(port: number, style: 'exact' | 'friendly' = 'exact'): string {
  const host = reachableHost(process.env);
  return `http://${style === 'friendly' && host === '127.0.0.1' ? 'localhost' : host}:${port}`;
}

export function banner(env: NodeJS.ProcessEnv, rows: [string, string][]): void {
  const demo: [string, string][] = [
    ['Log in as', 'demo@shop.test / demo-password'],
    ['', 'staff@shop.test / staff-password'],
  ];
  const all = [
    ...rows.slice(0, 1),
    ...(env['SEED'] === 'demo' ? demo : []),
    ...rows.slice(1),
    ['Stop', 'Ctrl-C'] as const,
  ];
  console.log(`\n${all.map(([name, value]) => `  ${name.padEnd(12)}${value}`).join('\n')}\n`);
}

export function sayStopping(): void {
  console.log('\nStopping; press Ctrl-C again to kill all processes.');
}

export const logFile = (name: string) => join(dataDir, `${name}.log`);
