import { Body, Controller, Delete, Get, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import { Credentials, CustomerAnswer, SessionAnswer, accountsRpc } from '@shop/contracts/accounts';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import { Documented, setsCookie } from '../documented.js';
import { CurrentSession, LoggedIn } from './guards.js';
import { RateLimits } from './rate-limits.js';
import { RequestSession, type CustomerSession } from './request-session.js';
import { Sessions } from './sessions.js';

@Controller('api')
export class SessionController {
  constructor(
    private readonly rpc: Rpc,
    private readonly sessions: Sessions,
    private readonly requestSession: RequestSession,
    private readonly limits: RateLimits,
  ) {}

  @Post('session')
  @HttpCode(200)
  @Documented({
    summary: 'Log in',
    answer: CustomerAnswer,
    refuses: ['bad_credentials', 'rate_limited'],
    example: { email: 'demo@shop.test', password: 'demo-password' },
    ...setsCookie,
  })
  async logIn(
    @Body({ schema: Credentials }) credentials: Credentials,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerAnswer> {
    const account = credentials.email.trim().toLowerCase();
    const checkedAt = await this.sessions.now();
    const customer = await this.limits.guessPassword(account, reply.request.ip, () =>
      this.rpc.call(accountsRpc.checkCredentials, credentials),
    );
    await this.requestSession.logIn(reply, customer.id, checkedAt);
    return { customer };
  }

  @Get('session')
  @Documented({ summary: 'The customer of this session; null before log-in', answer: SessionAnswer })
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<SessionAnswer> {
    const session = await this.requestSession.find(reply);
    return { customer: session?.customerId === undefined ? null : session.customer };
  }

  @Delete('session')
  @HttpCode(204)
  @Documented({ summary: 'Log out' })
  logOut(@Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    return this.requestSession.logOut(reply);
  }

  @Delete('sessions')
  @HttpCode(204)
  @UseGuards(LoggedIn)
  @Documented({ summary: 'Log out everywhere' })
  logOutEverywhere(
    @CurrentSession() { customerId }: CustomerSession,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    return this.requestSession.logOutEverywhere(reply, customerId);
  }
}
