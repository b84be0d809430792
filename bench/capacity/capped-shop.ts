// The shop of the study: capped replicas of the measured services and one process of the others, behind the edge.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicros, familyCpuMicros } from '../suites/process-cpu.ts';
import type { Stores } from '../suites/checkout-shop.ts';
import { startEdge } from '@shop/tools/edge/edge';
import type { NginxProgram } from '@shop/tools/edge/nginx-program';
import { freePort } from '@shop/tools/ports';
import { placeReplicas } from '@shop/tools/replicas';
import type { ServiceName } from '@shop/tools/services';
import { startSplit } from '@shop/tools/split-services';
import { capOf, type CpuCap } from './cpu-cap.ts';
import type { Subject } from './subjects.ts';

export interface CappedShop {
  url: string;
  /** Applies the caps; until then everything warms up at full speed. */
  cap(): void;
  /** CPU used so far, in µs, by process. */
  cpu(): Record<string, number>;
  /** The work of each replica so far, by service. */
  work(): Promise<Partial<Record<ServiceName, number[]>>>;
  /** The part of periods in which replicas of a service exhausted their quota. */
  throttled(): Partial<Record<ServiceName, number>>;
  stop(): Promise<void>;
}

export interface CappedShopOptions {
  subject: Subject;
  replicas: number;
  stores: Stores;
  program: NginxProgram;
  dir: string;
}

/** The caps of a subject are for two cores; machines with more cores allow higher ones. */
export function capsOf({ caps }: Subject, cores: number): [ServiceName, number][] {
  return (Object.entries(caps) as [ServiceName, number][]).map(([name, cap]) => [name, Math.min(1, (cap * cores) / 2)]);
}

export async function startCappedShop(options: CappedShopOptions, cores: number): Promise<CappedShop> {
  const { subject, replicas, stores, program, dir } = options;
  const capped = capsOf(subject, cores);
  const wanted = new Set([...capped.map(([name]) => name), ...subject.others]);
  const counts = Object.fromEntries(capped.map(([name]) => [name, replicas]));
  const places = (await placeReplicas(counts, 'free')).filter(({ service }) => wanted.has(service));
  const settings = {
    NODE_ENV: 'production',
    PAYMENT_PROVIDER: 'fake',
    SEED: 'demo',
    SEED_IMAGES: 'off',
    RATE_LIMITS: 'off',
  };
  const env = { ...process.env, ...settings, TRUST_PROXY: '127.0.0.1', LOG_LEVEL: 'info', ...stores.env };
  const split = startSplit({ places, env, logDir: join(dir, 'log') });
  const caps: { service: ServiceName; cap: CpuCap }[] = [];
  try {
    await split.ready();
    const gateways = split.gateways.map((address) => new URL(address).host).join();
    const edgeEnv = { EDGE_GATEWAYS: gateways, EDGE_CACHE: 'off', EDGE_RATE_LIMITS: 'off' };
    const edge = await startEdge({ program, dir: join(dir, 'edge'), port: await freePort(), env: edgeEnv });
    const nginx = await edge.masterPid();
    const of = (service: ServiceName) => split.processes.filter((process) => process.service === service);
    return {
      url: edge.url,
      cap: () => {
        for (const [service, share] of capped)
          for (const { pid, replica } of of(service)) {
            const cap = capOf(`${service}-${replica}`, share);
            cap.add(pid);
            caps.push({ service, cap });
          }
      },
      cpu: () => ({
        nginx: familyCpuMicros(nginx),
        ...Object.fromEntries(
          [...wanted].map((name) => [name, of(name).reduce((sum, { pid }) => sum + cpuMicros(pid), 0)]),
        ),
        postgres: stores.postgresCpu(),
        redis: stores.redisCpu(),
      }),
      work: async () => {
        const counted = Object.entries(subject.work) as [ServiceName, RegExp][];
        const all = counted.map(
          async ([service, pattern]) =>
            [service, await Promise.all(of(service).map(({ opsPort }) => sumOf(opsPort, pattern)))] as const,
        );
        return Object.fromEntries(await Promise.all(all));
      },
      throttled: () =>
        Object.fromEntries(
          capped.map(([name]) => {
            const own = caps.filter(({ service }) => service === name).map(({ cap }) => cap.throttled());
            const sum = (key: 'periods' | 'throttled') => own.reduce((all, one) => all + one[key], 0);
            return [name, sum('throttled') / Math.max(1, sum('periods'))];
          }),
        ),
      stop: async () => {
        for (const { cap } of caps) cap.lift();
        await edge.stop();
        await split.stop();
        await sleep(100); // the kernel takes a moment to notice that a cgroup is empty
        for (const { cap } of caps) cap.remove();
      },
    };
  } catch (error) {
    await split.stop();
    throw error;
  }
}

async function sumOf(opsPort: number, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  return [...text.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
}
