// Runs every service as one or more processes, which find each other by lists of addresses.
import { join } from 'node:path';
import { reachableHost } from './ports.ts';
import { addressesOf, type Place } from './replicas.ts';
import { startProcess } from './service-process.ts';

export interface SplitOptions {
  /** From placeReplicas(). */
  places: Place[];
  /** The environment of every process: URLs of the stores, SEED and so on. */
  env: NodeJS.ProcessEnv;
  /** Additions for one process, computed at each start: a process restarted after a crash may get others. */
  envOf?: (place: Place) => NodeJS.ProcessEnv;
  /** Holds one log file per process. */
  logDir: string;
  /** See ServiceProcessOptions. */
  quiet?: boolean;
  /** Called with a message for users when a process has been restarted. */
  onRestart?: (line: string) => void;
}

export interface SplitProcess extends Place {
  /** Changes when the process is restarted after a crash. */
  readonly pid: number;
}

export interface Split {
  /** URLs of the public HTTP servers. */
  gateways: string[];
  processes: SplitProcess[];
  /** Resolves when all are ready; rejects when one cannot start. */
  ready(): Promise<void>;
  /** Stops the gateways first, so that requests in flight still reach their services. */
  stop(hurry?: AbortSignal): Promise<void>;
}

/** The delay before a restart after a crash within this time. */
const CALM_MS = 2000;

export function startSplit(options: SplitOptions): Split {
  const { places, env, envOf = () => ({}), logDir, quiet, onRestart = () => {} } = options;
  const host = reachableHost(env);
  // Clients with open connections learn in this time that they must use another one.
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
        quiet,
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
