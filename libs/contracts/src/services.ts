// The services, and the ports they use where nothing else is configured. One row here is one deployable process.
export interface ServiceRow {
  /** Where it answers RPC; absent when nobody calls it. */
  rpcPort?: number;
  /** Where /livez, /readyz and /metrics are. */
  opsPort: number;
}

export const services = {
  gateway: { opsPort: 9100 },
  accounts: { rpcPort: 4001, opsPort: 9101 },
  catalog: { rpcPort: 4002, opsPort: 9102 },
  orders: { rpcPort: 4003, opsPort: 9103 },
  payments: { rpcPort: 4004, opsPort: 9104 },
  'image-worker': { opsPort: 9105 },
} as const satisfies Record<string, ServiceRow>;

export type ServiceName = keyof typeof services;
