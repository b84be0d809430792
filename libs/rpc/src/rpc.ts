// Calls procedures of other services, whether they run in this process or elsewhere.
import { Injectable } from '@nestjs/common';
import type { InputOf, Rpc as Procedure } from '@shop/contracts/rpc';
import type { WarningLog } from './call-log.js';
import { currentContext, newRequestId } from './context.js';
import type { AnswerOf } from './handles.js';
import type { Lookup } from './resolver.js';
import { RpcClient, type Replica } from './rpc-client.js';
import type { RpcServer } from './rpc-server.js';
import type { StrategyName } from './strategies.js';

export interface RpcOptions {
  /** Answers calls to `localServices`, the services of this process. */
  server?: RpcServer;
  localServices?: ReadonlySet<string>;
  /** `host:port,host:port` by service. */
  addresses: Readonly<Record<string, string | undefined>>;
  strategy?: StrategyName;
  lookup?: Lookup;
  log?: WarningLog;
}

@Injectable()
export class Rpc {
  private readonly clients = new Map<string, RpcClient>();

  constructor(private readonly options: RpcOptions) {}

  /**
   * Calls a procedure by its contract, within the deadline of the contract and of the request being answered, whichever
   * ends first. Rejects with an AppError: what the procedure refused with, `unavailable` or `overloaded`.
   */
  call<R extends Procedure>(rpc: R, input: InputOf<R>): Promise<AnswerOf<R>> {
    const { server, localServices } = this.options;
    const answer =
      server && localServices?.has(rpc.service)
        ? this.callHere(server, rpc, input)
        : this.client(rpc.service).call(rpc, input);
    return answer as Promise<AnswerOf<R>>;
  }

  /** The servers of a service; empty before the first call to it. */
  replicas(service: string): Replica[] {
    if (this.options.localServices?.has(service)) return [{ address: 'here', state: 'ready' }];
    return this.client(service).replicas();
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  private callHere(server: RpcServer, rpc: Procedure, input: unknown): Promise<unknown> {
    const context = currentContext();
    const deadlineAt = Math.min(performance.now() + rpc.deadlineMs, context?.deadlineAt ?? Infinity);
    return server.dispatch(rpc.name, input, { requestId: context?.requestId ?? newRequestId(), deadlineAt });
  }

  private client(service: string): RpcClient {
    const known = this.clients.get(service);
    if (known) return known;
    const { addresses, strategy, lookup, log } = this.options;
    const list = addresses[service];
    if (!list) throw new Error(`No addresses of ${service} are configured`);
    const client = new RpcClient({ service, addresses: list, strategy, lookup, log });
    this.clients.set(service, client);
    return client;
  }
}
