import { Body, Controller, Delete, Get, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { Credentials, CustomerAnswer, SessionAnswer, accountsRpc } from '@shop/contracts/accounts';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Documented, setsCookie } from '../docs/documented.js';
import { CurrentSession, LoggedIn } from './guards.js';
import { RateLimits } from './rate-limits.js';
import { Visitors, type CustomerSession } from './visitors.js';

@Controller('api')
export class SessionController {
  constructor(
    private readonly rpc: Rpc,
    private readonly visitors: Visitors,
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
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerAnswer> {
    const account = credentials.email.trim().toLowerCase();
    const checkedAt = await this.visitors.now();
    const customer = await this.limits.guessPassword(account, request.ip, () =>
      this.rpc.call(accountsRpc.checkCredentials, credentials),
    );
    await this.visitors.logIn(request, reply, customer.id, checkedAt);
    return { customer };
  }

  @Get('session')
  @Documented({ summary: 'Who you are: null before log-in', answer: SessionAnswer })
  async get(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<SessionAnswer> {
    const session = await this.visitors.session(request, reply);
    return { customer: session?.customerId === undefined ? null : session.customer };
  }

  @Delete('session')
  @HttpCode(204)
  @Documented({ summary: 'Log out', status: 204 })
  logOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    return this.visitors.logOut(request, reply);
  }

  @Delete('sessions')
  @HttpCode(204)
  @UseGuards(LoggedIn)
  @Documented({ summary: 'Log out everywhere', status: 204, access: 'customer' })
  logOutEverywhere(
    @CurrentSession() { customerId }: CustomerSession,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    return this.visitors.logOutEverywhere(request, reply, customerId);
  }
}
