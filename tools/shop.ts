// What `npm start`, `npm run dev` and `npm run start:split` have in common: one owner of the folder, free ports, a build, stores.
import { join } from 'node:path';
import { claim, dataDir, type Claim } from './data-dir.ts';
import type { Interrupt } from './interrupt.ts';
import { build } from './nx.ts';
import { holderOf, isFree, reachableHost } from './ports.ts';
import { until } from './processes.ts';
import { startStores } from './stores/stores.ts';
import { Failure, step } from './terminal.ts';

export interface Shop {
  /** What every process of the shop gets. */
  env: NodeJS.ProcessEnv;
  claim: Claim;
  /** Ends the stores and leaves the folder; the services must have ended before. */
  close(): Promise<void>;
}

export interface OpenShop {
  /** As whom it occupies the folder: `npm start`. */
  command: string;
  /** Ports that must be free, by the variable that moves each or by who needs it. */
  ports: Record<string, number>;
  /** False starts what was built last. */
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

/** Demo data and a bank that takes test cards, but never in production unless asked for. */
function developmentEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV, SEED, PAYMENT_PROVIDER } = process.env;
  const defaults =
    NODE_ENV === 'production' ? {} : { SEED: SEED || 'demo', PAYMENT_PROVIDER: PAYMENT_PROVIDER || 'fake' };
  return { ...defaults, DATA_DIR: dataDir };
}

async function refuseTakenPorts(ports: Record<string, number>): Promise<void> {
  for (const [use, port] of Object.entries(ports)) {
    const other = Object.keys(ports).find((name) => name !== use && ports[name] === port);
    if (other) throw new Failure(`${use} and ${other} are both ${port}: they need ports of their own.`);
    // A moment, for what a shop that just ended still holds.
    if (await until(() => isFree(port), 500)) continue;
    const holder = holderOf(port);
    // A use is told by the variable that moves it, where there is one.
    const wayOut = /^[A-Z_]+$/.test(use)
      ? `, or choose another with ${use}=${await freeFrom(port + 1)}`
      : ` (needed by ${use})`;
    throw new Failure(`Port ${port} is in use already${holder ? `, by ${holder}` : ''}. End that${wayOut}.`);
  }
}

async function freeFrom(port: number): Promise<number> {
  while (!(await isFree(port))) port++;
  return port;
}

/** A number out of the environment; a port that is none is named. */
export function portOf(variable: string, otherwise: number): number {
  const text = process.env[variable] || String(otherwise);
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new Failure(`${variable}=${text} is not a port: it must be a number from 1 to 65535.`);
}

/** Where this machine reaches a port of the shop; for people `localhost` where that is the same. */
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
  console.log('\nStopping; Ctrl-C again to hurry.');
}

export const logFile = (name: string) => join(dataDir, `${name}.log`);
