// The whole shop for tests, as one process or as several processes of each service: started, reached, killed and stopped.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { services, type ServiceName } from '@shop/contracts/services';
import { freePort } from '@shop/tools/ports';
import { placeReplicas, type Place, type Replicas } from '@shop/tools/replicas';
import { startProcess } from '@shop/tools/service-process';
import { startSplit } from '@shop/tools/split-services';
import { expect, vi } from 'vitest';
import { patiently } from './patience.js';
import { Shopper } from './shopper.js';
import { sharedStores, type Databases, type Stores } from './stores.js';

export interface ShopOptions {
  /** How many processes of each service, 1 if it is not named; without this the shop is one process. */
  replicas?: Replicas;
  env?: NodeJS.ProcessEnv;
  /** Settings that take precedence over all others and depend on the shop's ports, such as addresses of proxies. */
  override?: (rpcPorts: Map<ServiceName, number>, env: NodeJS.ProcessEnv) => Promise<NodeJS.ProcessEnv>;
  /** Without them, databases of its own on the servers of the test run. */
  stores?: Stores;
}

export interface ShopProcess extends Omit<Place, 'service'> {
  service: ServiceName | 'all';
  /** Of the process that serves now: another one after a crash. */
  readonly pid: number;
}

interface Running {
  gateways: string[];
  processes: ShopProcess[];
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** A crash is noticed and its orders resumed within seconds. */
export const shortWaits = {
  ORDERS_SWEEP_SECONDS: '1',
  PAYMENTS_SWEEP_SECONDS: '0.5',
  PAYMENT_LEASE_SECONDS: '3',
  QUEUE_LOCK_MS: '3000',
};

/** Only these services, one process each. */
export function only(...names: ServiceName[]): Replicas {
  return Object.fromEntries(Object.keys(services).map((name) => [name, names.includes(name as ServiceName) ? 1 : 0]));
}

/** A shop that runs somewhere. */
export class ShopAt {
  constructor(readonly url: string) {}

  /** Where the next client finds the shop. */
  door(): string {
    return this.url;
  }

  shopper(): Shopper {
    return new Shopper(this.door());
  }

  /** A member of staff with a session of their own. */
  async staff(): Promise<Shopper> {
    const staff = Shopper.asStaff(this.door());
    await patiently(staff, () => staff.logIn());
    return staff;
  }
}

/** What a process gets when it starts next, by service. */
type NextSettings = Map<ServiceName | 'all', NodeJS.ProcessEnv[]>;

export async function startShop({ replicas, env: given, override, stores }: ShopOptions = {}): Promise<Shop> {
  const own = stores ?? (await sharedStores());
  const dir = await mkdtemp(join(tmpdir(), 'shop-e2e-'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...{ NODE_ENV: 'development', SEED: 'demo', SEED_IMAGES: 'off', LOG_LEVEL: 'info', RATE_LIMITS: 'off' },
    ...own.env,
    ...given,
  };
  const next: NextSettings = new Map();
  const launch = replicas ? await asServices({ dir, env, next }, replicas, override) : await asOneProcess({ dir, env });
  const shop = new Shop(launch, { dir, env, stores: own, next });
  try {
    await shop.ready();
  } catch (error) {
    await shop.stop();
    throw error;
  }
  return shop;
}

interface Parts {
  /** For its logs. */
  dir: string;
  env: NodeJS.ProcessEnv;
  next: NextSettings;
}

async function asOneProcess({ dir, env }: Omit<Parts, 'next'>): Promise<() => Running> {
  const [port, opsPort] = [await freePort(), await freePort()];
  return () => {
    const { pid, ready, stop } = startProcess({
      app: 'all',
      label: 'all',
      env: { ...env, PORT: String(port), OPS_PORT: String(opsPort) },
      opsUrl: `http://127.0.0.1:${opsPort}`,
      logFile: join(dir, 'all-1.log'),
    });
    const processes = [{ service: 'all' as const, replica: 1, port, opsPort, pid }];
    return { gateways: [`http://127.0.0.1:${port}`], processes, ready, stop };
  };
}

async function asServices(
  { dir, env, next }: Parts,
  replicas: Replicas,
  override?: ShopOptions['override'],
): Promise<() => Running> {
  const places = await placeReplicas(replicas, 'free');
  const rpcPorts = new Map(places.flatMap(({ service, rpcPort }) => (rpcPort ? [[service, rpcPort] as const] : [])));
  const last = await override?.(rpcPorts, env);
  const envOf = ({ service }: Place) => ({ ...last, ...next.get(service)?.shift() });
  return () => startSplit({ places, env, envOf, logDir: dir });
}

export class Shop extends ShopAt {
  readonly env: NodeJS.ProcessEnv;
  readonly databases: Databases;
  private running: Running;
  private turn = 0;
  private member: Promise<Shopper> | undefined;

  constructor(
    private readonly launch: () => Running,
    private readonly parts: Parts & { stores: Stores },
  ) {
    const running = launch();
    super(running.gateways[0] ?? '');
    this.running = running;
    this.env = parts.env;
    this.databases = parts.stores.databases;
  }

  /** Where the first process answers /readyz and /metrics. */
  get opsUrl(): string {
    return `http://127.0.0.1:${this.running.processes[0]!.opsPort}`;
  }

  get gateways(): string[] {
    return this.running.gateways;
  }

  /** `host:port,host:port`, as nginx takes them. */
  get gatewayHosts(): string {
    return this.gateways.map((gateway) => new URL(gateway).host).join();
  }

  /** Another gateway each time. */
  override door(): string {
    return this.gateways[this.turn++ % this.gateways.length]!;
  }

  processesOf(service: ServiceName): ShopProcess[] {
    return this.running.processes.filter((process) => process.service === service);
  }

  /** What each process of a service has at /metrics. */
  metrics(service: ServiceName): Promise<string[]> {
    const read = async ({ opsPort }: ShopProcess) => (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
    return Promise.all(this.processesOf(service).map(read));
  }

  /** The lines that the first process of a service has logged. */
  async logOf<Line = object>(service: ServiceName): Promise<Line[]> {
    const lines = (await readFile(join(this.parts.dir, `${service}-1.log`), 'utf8')).split('\n');
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
  }

  ready(): Promise<void> {
    return this.running.ready();
  }

  /** Ends all processes and starts them again. */
  async restart(): Promise<void> {
    await this.halt();
    this.running = this.launch();
    await this.ready();
  }

  /** Ends all processes; the databases stay. */
  halt(): Promise<void> {
    return this.running.stop();
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.parts.stores.stop();
    await rm(this.parts.dir, { recursive: true });
  }

  /** Kills the first process of a service, and has the next processes start with these settings, one each. */
  async restartWith(service: ServiceName, ...settings: NodeJS.ProcessEnv[]): Promise<void> {
    this.parts.next.set(service, settings);
    const { pid } = this.processesOf(service)[0]!;
    process.kill(pid, 'SIGKILL');
    await this.replaced(service, pid);
  }

  /** Resolves when every process that restartWith() made to die has died, and its successor serves. */
  async wasKilled(service: ServiceName): Promise<void> {
    const left = () => expect(this.parts.next.get(service)).toEqual([]);
    await vi.waitFor(left, { timeout: 60_000, interval: 50 });
    await this.replaced(service);
  }

  /** Resolves when another process than `pid` serves. */
  private async replaced(service: ServiceName, pid?: number): Promise<void> {
    const first = this.processesOf(service)[0]!;
    const served = async () => {
      if (first.pid === pid) throw new Error(`${service} still is pid ${pid}`);
      const { ok } = await fetch(`http://127.0.0.1:${first.opsPort}/readyz`);
      if (!ok) throw new Error(`${service} is not ready`);
    };
    await vi.waitFor(served, { timeout: 60_000, interval: 50 });
  }

  /** A member of staff whose session is used again and again. */
  sameStaff(): Promise<Shopper> {
    return (this.member ??= this.staff());
  }

  /** A product that only this test orders. */
  async newProduct(stock: number, priceCents = 100): Promise<string> {
    const staff = await this.sameStaff();
    const { body } = await patiently(staff, () => staff.get('/api/categories'));
    const category = body.items[0].slug as string;
    const product = { name: `Product ${randomUUID()}`, description: 'For a test.', category, priceCents, stock };
    const made = await patiently(staff, () => staff.send('POST', '/api/products', product));
    if (made.status !== 201) throw new Error(`product: ${made.status} ${JSON.stringify(made.body)}`);
    return made.body.id as string;
  }
}
