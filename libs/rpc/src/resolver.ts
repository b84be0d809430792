// Keeps the addresses behind a list of names up to date.
import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';

const REFRESH_MS = 1000;

export interface Address {
  host: string;
  port: number;
}

/** Resolves a name to all its addresses. Tests pass their own, since they have no DNS to change. */
export type Lookup = (name: string) => Promise<string[]>;

export class Resolver {
  private readonly names: Address[];
  /** The last good answer per name: a failing name server must not take the servers with it. */
  private readonly known = new Map<string, string[]>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  /** `list` is `host:port,host:port`; a host is a name or an IP address (IPv6 in brackets). */
  constructor(
    list: string,
    private readonly onAddresses: (addresses: Address[]) => void,
    private readonly lookup: Lookup = lookupAll,
  ) {
    this.names = parseAddresses(list);
  }

  /** Resolves after the first answer. The next lookup starts a second after each answer, so lookups never overlap. */
  async refresh(): Promise<void> {
    const { names } = this;
    await Promise.all(names.map(({ host }) => this.look(host)));
    if (this.stopped) return;
    this.onAddresses(names.flatMap(({ host, port }) => (this.known.get(host) ?? []).map((ip) => ({ host: ip, port }))));
    if (names.some(({ host }) => isIP(host) === 0))
      this.timer = setTimeout(() => void this.refresh(), REFRESH_MS).unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async look(host: string): Promise<void> {
    try {
      const ips = isIP(host) === 0 ? await this.lookup(host) : [host];
      if (ips.length > 0) this.known.set(host, ips);
    } catch {
      // The last good answer stays.
    }
  }
}

/** A pod with an IPv4 and an IPv6 address is one server, so IPv6 counts only where there is no IPv4. */
async function lookupAll(name: string): Promise<string[]> {
  const found = await dnsLookup(name, { all: true });
  const v4 = found.filter(({ family }) => family === 4);
  return (v4.length > 0 ? v4 : found).map(({ address }) => address);
}

export function parseAddresses(list: string): Address[] {
  return list.split(',').map(parseAddress);
}

function parseAddress(text: string): Address {
  const [, v6, name, port] = /^\s*(?:\[([^\]]+)\]|([^:\s[\]]+)):(\d+)\s*$/.exec(text) ?? [];
  const host = v6 ?? name;
  const isUsable = host && (v6 === undefined || isIPv6(v6)) && Number(port) <= 65_535;
  if (!isUsable) throw new Error(`"${text}" is not an address; expected host:port,host:port`);
  return { host, port: Number(port) };
}
