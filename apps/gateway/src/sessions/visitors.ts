// Ties a request to its session: the cookie on one side, the store on the other, and the customer behind it.
import { Inject, Injectable } from '@nestjs/common';
import type { Customer } from '@shop/contracts/accounts';
import { AppError } from '@shop/rpc/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Customers } from './customers.js';
import { gatewayConfig, type GatewayConfig } from '../gateway.config.js';
import { RateLimits, addressGroup } from './rate-limits.js';
import { readSessionCookie, writeSessionCookie } from './session-cookie.js';
import { Sessions, lifetimeMs, type NewSession, type Session } from './sessions.js';

/** The session of a customer who exists. */
export type CustomerSession = Session & { customerId: string; customer: Customer };
export type VisitorSession = CustomerSession | (Session & { customerId: undefined });

/** Moves what belongs to an anonymous session to the customer who logged in. */
export type LogInListener = (anonymous: Session, session: Session) => Promise<void>;

@Injectable()
export class Visitors {
  private readonly alwaysSecure: boolean;
  private readonly logInListeners: LogInListener[] = [];
  private readonly found = new WeakMap<FastifyRequest, Promise<VisitorSession | undefined>>();

  constructor(
    @Inject(gatewayConfig.token) config: GatewayConfig,
    private readonly sessions: Sessions,
    private readonly customers: Customers,
    private readonly limits: RateLimits,
  ) {
    this.alwaysSecure = config.PUBLIC_URL?.startsWith('https:') ?? false;
  }

  /**
   * The session of a request, looked up once; without a cookie there is nothing to look up. The sessions of a customer who
   * does not exist any more are ended. Throws when that cannot be known.
   */
  session(request: FastifyRequest, reply: FastifyReply): Promise<VisitorSession | undefined> {
    let session = this.found.get(request);
    if (!session) this.found.set(request, (session = this.findWithCustomer(request, reply)));
    return session;
  }

  /** For what outlives its request: login_required once the session has ended or its customer does not exist any more. */
  async checkAgain(session: CustomerSession): Promise<Customer> {
    const { customerId } = session;
    const [isOpen, customer] = await Promise.all([this.sessions.isOpen(session), this.customers.find(customerId)]);
    if (!isOpen || !customer) throw new AppError('login_required');
    return customer;
  }

  /** The session of a request, or a new one for a visitor who leaves something here. rate_limited. */
  async sessionOrNew(request: FastifyRequest, reply: FastifyReply): Promise<Session> {
    const session = await this.session(request, reply);
    if (session) return session;
    await this.limits.take('visitorsPerAddress', addressGroup(request.ip));
    return this.begin(request, reply, await this.sessions.begin());
  }

  onLogIn(listener: LogInListener): void {
    this.logInListeners.push(listener);
  }

  /** For logIn: taken before the password is checked. */
  now(): Promise<number> {
    return this.sessions.now();
  }

  /**
   * Begins a session under a new id, so that an id somebody planted before is worth nothing; the cart comes along.
   * unavailable when the customer's sessions were ended after `checkedAt`: the password may be another by now.
   */
  async logIn(request: FastifyRequest, reply: FastifyReply, customerId: string, checkedAt?: number): Promise<void> {
    const before = await this.stored(request, reply);
    const session = this.begin(request, reply, await this.sessions.begin(customerId, checkedAt));
    if (!before) return;
    if (before.customerId === undefined) for (const listener of this.logInListeners) await listener(before, session);
    await this.sessions.end(before);
  }

  /** An anonymous visitor has nothing to log out of, and keeps the cart. */
  async logOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    // Also while accounts is down.
    const session = await this.stored(request, reply);
    if (session?.customerId === undefined) return;
    await this.sessions.end(session);
    this.setCookie(request, reply, '', 0);
  }

  async logOutEverywhere(request: FastifyRequest, reply: FastifyReply, customerId: string): Promise<void> {
    await this.sessions.endAll(customerId);
    this.setCookie(request, reply, '', 0);
  }

  async logOutElsewhere(session: Session & { customerId: string }): Promise<void> {
    await this.sessions.endAll(session.customerId, session);
  }

  private async findWithCustomer(request: FastifyRequest, reply: FastifyReply): Promise<VisitorSession | undefined> {
    const session = await this.stored(request, reply);
    if (!session) return undefined;
    const { customerId } = session;
    if (customerId === undefined) return { ...session, customerId };
    const customer = await this.customers.find(customerId);
    if (customer) return { ...session, customerId, customer };
    await this.logOutEverywhere(request, reply, customerId);
    return undefined;
  }

  /** Whatever became of its customer. */
  private async stored(request: FastifyRequest, reply: FastifyReply): Promise<Session | undefined> {
    const id = readSessionCookie(request, this.isSecure(request));
    const session = id === undefined ? undefined : await this.sessions.find(id);
    if (session?.refreshed) this.setCookie(request, reply, id!, lifetimeMs(session) / 1000);
    return session;
  }

  private begin(request: FastifyRequest, reply: FastifyReply, { id, session }: NewSession): Session {
    this.setCookie(request, reply, id, lifetimeMs(session) / 1000);
    return session;
  }

  private setCookie(request: FastifyRequest, reply: FastifyReply, id: string, maxAge: number): void {
    writeSessionCookie(reply, id, this.isSecure(request), maxAge);
  }

  /** TLS ends here, at a trusted proxy, or at the address that visitors are told. */
  private isSecure(request: FastifyRequest): boolean {
    return this.alwaysSecure || request.protocol === 'https';
  }
}
