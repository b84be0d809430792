// Connects a request to its session: the cookie, the stored session and the customer.
import { Inject, Injectable } from '@nestjs/common';
import type { Customer } from '@shop/contracts/accounts';
import { AppError } from '@shop/rpc/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { gatewayConfig, type GatewayConfig } from '../gateway.config.js';
import { Customers } from './customers.js';
import { RateLimits, addressGroup } from './rate-limits.js';
import { readSessionCookie, writeSessionCookie } from './session-cookie.js';
import { Sessions, lifetimeMs, type NewSession, type Session } from './sessions.js';

/** The session of a customer who exists. */
export type CustomerSession = Session & { customerId: string; customer: Customer };
export type ActiveSession = CustomerSession | (Session & { customerId: undefined });

/** Moves what belongs to an anonymous session to the session of the customer who logged in. */
export type LogInListener = (anonymous: Session, session: Session) => Promise<void>;

@Injectable()
export class RequestSession {
  private readonly alwaysSecure: boolean;
  private readonly found = new WeakMap<FastifyRequest, Promise<ActiveSession | undefined>>();
  private readonly logInListeners: LogInListener[] = [];

  constructor(
    @Inject(gatewayConfig.token) config: GatewayConfig,
    private readonly sessions: Sessions,
    private readonly customers: Customers,
    private readonly limits: RateLimits,
  ) {
    this.alwaysSecure = config.PUBLIC_URL?.startsWith('https:') ?? false;
  }

  /**
   * The session of the request, looked up once and only if there is a cookie. Ends all sessions of a customer who no
   * longer exists. Throws when neither accounts nor the cache can tell whether the customer exists.
   */
  find(reply: FastifyReply): Promise<ActiveSession | undefined> {
    let session = this.found.get(reply.request);
    if (!session) this.found.set(reply.request, (session = this.findWithCustomer(reply)));
    return session;
  }

  /** For streams that outlive their request: login_required once the session has ended or the customer is deleted. */
  async checkAgain(session: CustomerSession): Promise<Customer> {
    const { customerId } = session;
    const [isOpen, customer] = await Promise.all([this.sessions.isOpen(session), this.customers.find(customerId)]);
    if (!isOpen || !customer) throw new AppError('login_required');
    return customer;
  }

  /** The session of the request, or a new anonymous one. rate_limited. */
  async findOrBegin(reply: FastifyReply): Promise<Session> {
    const session = await this.find(reply);
    if (session) return session;
    await this.limits.take('visitorsPerAddress', addressGroup(reply.request.ip));
    return this.begin(reply, await this.sessions.begin());
  }

  onLogIn(listener: LogInListener): void {
    this.logInListeners.push(listener);
  }

  /**
   * Begins a session under a new id, which prevents session fixation. unavailable when all sessions of the customer were
   * ended after `checkedAt`, because the password may have changed since.
   */
  async logIn(reply: FastifyReply, customerId: string, checkedAt?: number): Promise<void> {
    const before = await this.stored(reply);
    const session = this.begin(reply, await this.sessions.begin(customerId, checkedAt));
    if (!before) return;
    if (before.customerId === undefined) for (const listener of this.logInListeners) await listener(before, session);
    await this.sessions.end(before);
  }

  /** Works while accounts is down. An anonymous session, and with it the cart, is kept. */
  async logOut(reply: FastifyReply): Promise<void> {
    const session = await this.stored(reply);
    if (session?.customerId === undefined) return;
    await this.sessions.end(session);
    this.setCookie(reply, '', 0);
  }

  async logOutEverywhere(reply: FastifyReply, customerId: string): Promise<void> {
    await this.sessions.endAll(customerId);
    this.setCookie(reply, '', 0);
  }

  private async findWithCustomer(reply: FastifyReply): Promise<ActiveSession | undefined> {
    const session = await this.stored(reply);
    if (!session) return undefined;
    const { customerId } = session;
    if (customerId === undefined) return { ...session, customerId };
    const customer = await this.customers.find(customerId);
    if (customer) return { ...session, customerId, customer };
    await this.logOutEverywhere(reply, customerId);
    return undefined;
  }

  /** The stored session, without a check of its customer. */
  private async stored(reply: FastifyReply): Promise<Session | undefined> {
    const id = readSessionCookie(reply.request, this.isSecure(reply));
    const session = id === undefined ? undefined : await this.sessions.find(id);
    if (session?.refreshed) this.setCookie(reply, id!, lifetimeMs(session) / 1000);
    return session;
  }

  private begin(reply: FastifyReply, { id, session }: NewSession): Session {
    this.setCookie(reply, id, lifetimeMs(session) / 1000);
    return session;
  }

  private setCookie(reply: FastifyReply, id: string, maxAge: number): void {
    writeSessionCookie(reply, id, this.isSecure(reply), maxAge);
  }

  /** TLS ends at this server, at a trusted proxy, or in front of PUBLIC_URL. */
  private isSecure({ request }: FastifyReply): boolean {
    return this.alwaysSecure || request.protocol === 'https';
  }
}
