// The number of processes of each service, and their ports.
import { freePort, isFree } from './ports.ts';
import { services, type ServiceName } from './services.ts';
import { Failure } from './terminal.ts';

export type Replicas = Partial<Record<ServiceName, number>>;

/** One process of a service. */
export interface Place {
  service: ServiceName;
  /** Starts at 1. */
  replica: number;
  /** Public HTTP port, for gateways only. */
  port?: number;
  opsPort: number;
  rpcPort?: number;
}

const MAX_REPLICAS = 20;

/** `catalog=3,orders=2` */
export function parseReplicas(text: string): Replicas {
  const entries = text.split(',').filter((part) => part.trim() !== '');
  return Object.fromEntries(
    entries.map((part) => {
      const [name = '', count = ''] = part.split('=').map((piece) => piece.trim());
      if (!Object.hasOwn(services, name))
        throw new Failure(`There is no service "${name}". There are: ${Object.keys(services).join(', ')}.`);
      if (!/^\d+$/.test(count) || Number(count) < 1 || Number(count) > MAX_REPLICAS)
        throw new Failure(
          `"${part}": the number of ${name} processes must be from 1 to ${MAX_REPLICAS}, as in --replicas catalog=3,orders=2`,
        );
      return [name, Number(count)];
    }),
  );
}

/**
 * Ports for every process. `usual`: the first process of each service has the port of the service table, further ones have
 * free ports at intervals of 10 (gateways 1); the caller checks the first one's. `free`: any free ports, beside another shop.
 */
export async function placeReplicas(replicas: Replicas, ports: 'usual' | 'free', publicPort = 3000): Promise<Place[]> {
  const taken = new Set<number>();
  const claim = async (usual: number, replica: number, stride: number) => {
    let port = ports === 'free' ? await freePort(taken) : usual + (replica - 1) * stride;
    while (taken.has(port) || (replica > 1 && !(await isFree(port)))) port += stride;
    taken.add(port);
    return port;
  };
  const places: Place[] = [];
  for (const [service, row] of Object.entries(services) as [ServiceName, { opsPort: number; rpcPort?: number }][])
    for (let replica = 1; replica <= (replicas[service] ?? 1); replica++)
      places.push({
        service,
        replica,
        ...(service === 'gateway' ? { port: await claim(publicPort, replica, 1) } : {}),
        opsPort: await claim(row.opsPort, replica, 10),
        ...(row.rpcPort === undefined ? {} : { rpcPort: await claim(row.rpcPort, replica, 10) }),
      });
  return places;
}

/** `<SERVICE>_ADDRESSES` of every service with RPC, listing all its processes. */
export function addressesOf(places: readonly Place[], host = '127.0.0.1'): Record<string, string> {
  const addresses: Record<string, string> = {};
  for (const { service, rpcPort } of places) {
    if (rpcPort === undefined) continue;
    const name = `${service.toUpperCase().replaceAll('-', '_')}_ADDRESSES`;
    addresses[name] = [addresses[name] ?? [], `${host}:${rpcPort}`].flat().join(',');
  }
  return addresses;
}
