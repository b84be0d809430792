// Every service as its own process or processes, from the same code, finding each other by lists of addresses.
import { join } from 'node:path';
import { reachableHost } from './ports.ts';
import { addressesOf, type Place } from './replicas.ts';
import { startProcess } from './service-process.ts';

export interface SplitOptions {
  /** Out of placeReplicas(). */
  places: Place[];
  /** What every process gets: the stores' addresses, SEED and so on. */
  env: NodeJS.ProcessEnv;
  /** What one process gets beyond that; asked at each start, so that one started again after a crash may get something else. */
  envOf?: (place: Place) => NodeJS.ProcessEnv;
  /** For a log file per process. */
  logDir: string;
  /** Told whenever a process was started, to a person. */
  onRestart?: (line: string) => void;
}

export interface SplitProcess extends Place {
  /** Of the process that serves now: another one after a crash. */
  readonly pid: number;
}

export interface Split {
  /** Addresses of the public doors. */
  gateways: string[];
  processes: SplitProcess[];
  /** Resolves when all serve; rejects when one cannot start. */
  ready(): Promise<void>;
  /** Ends all: the gateways first, so that what is in flight finds its services. */
  stop(hurry?: AbortSignal): Promise<void>;
}

/** A process that crashes again within this time waits as long before the next try. */
const CALM_MS = 2000;

export function startSplit({ places, env, envOf = () => ({}), logDir, onRestart = () => {} }: SplitOptions): Split {
  const host = reachableHost(env);
  // Time for visitors with open connections to hear that they should come by another one.
  const shared = { SHUTDOWN_DELAY_MS: '500', ...env, ...addressesOf(places, host) };
  let stopping = false;
  const replicas = places.map((place) => {
    const label = `${place.service} ${place.replica}`;
    const start = () =>
      startProcess({
        app: place.service,
        label,
        env: { ...shared, ...portsEnv(place), ...envOf(place) },
        opsUrl: `http://${host}:${place.opsPort}`,
        logFile: join(logDir, `${place.service}-${place.replica}.log`),
      });
    const replica = { place, current: start(), serves: false };
    const keepRunning = async () => {
      for (;;) {
        const startedAt = performance.now();
        const how = await replica.current.crashed;
        if (stopping || !replica.serves) return;
        await new Promise((resolve) => setTimeout(resolve, performance.now() - startedAt < CALM_MS ? CALM_MS : 0));
        if (stopping) return;
        replica.current = start();
        onRestart(`${label} ended by itself (${how}); started again as pid ${replica.current.pid}`);
      }
    };
    void keepRunning();
    return replica;
  });

  const end = (which: (place: Place) => boolean, hurry?: AbortSignal) =>
    Promise.all(replicas.filter(({ place }) => which(place)).map(({ current }) => current.stop(hurry)));
  return {
    gateways: places.flatMap(({ port }) => (port === undefined ? [] : [`http://${host}:${port}`])),
    processes: replicas.map((replica) => ({
      ...replica.place,
      get pid() {
        return replica.current.pid;
      },
    })),
    ready: async () => {
      await Promise.all(
        replicas.map(async (replica) => {
          await replica.current.ready();
          replica.serves = true;
        }),
      );
    },
    stop: async (hurry) => {
      stopping = true;
      await end(({ service }) => service === 'gateway', hurry);
      await end(({ service }) => service !== 'gateway', hurry);
    },
  };
}

function portsEnv({ port, opsPort, rpcPort }: Place): NodeJS.ProcessEnv {
  const ports = { PORT: port, OPS_PORT: opsPort, RPC_PORT: rpcPort };
  return Object.fromEntries(
    Object.entries(ports).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
