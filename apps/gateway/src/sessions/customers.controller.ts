import { Body, Controller, HttpCode, Ip, Patch, Post, Put, Res, UseGuards } from '@nestjs/common';
import { CustomerAnswer, CustomerPatch, PasswordChange, Registration, accountsRpc } from '@shop/contracts/accounts';
import { AppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import { Documented, setsCookie } from '../documented.js';
import { Customers } from './customers.js';
import { CurrentSession, LoggedIn } from './guards.js';
import { RateLimits, addressGroup } from './rate-limits.js';
import { RequestSession, type CustomerSession } from './request-session.js';
import { Sessions } from './sessions.js';

@Controller('api/customers')
export class CustomersController {
  constructor(
    private readonly rpc: Rpc,
    private readonly customers: Customers,
    private readonly sessions: Sessions,
    private readonly requestSession: RequestSession,
    private readonly limits: RateLimits,
  ) {}

  @Post()
  @Documented({
    summary: 'Register and log in',
    answer: CustomerAnswer,
    refuses: ['email_taken', 'rate_limited'],
    example: { email: 'ada@example.org', password: 'correct-horse', name: 'Ada' },
    ...setsCookie,
  })
  async register(
    @Body({ schema: Registration }) registration: Registration,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerAnswer> {
    await this.limits.take('registrationsPerAddress', addressGroup(reply.request.ip));
    const customer = await this.rpc.call(accountsRpc.createCustomer, registration);
    await this.requestSession.logIn(reply, customer.id);
    return { customer };
  }

  @Patch('me')
  @UseGuards(LoggedIn)
  @Documented({ summary: 'Change your name', answer: CustomerAnswer, example: { name: 'Ada L.' } })
  async update(
    @CurrentSession() { customerId }: CustomerSession,
    @Body({ schema: CustomerPatch }) patch: CustomerPatch,
  ): Promise<CustomerAnswer> {
    try {
      return { customer: await this.rpc.call(accountsRpc.updateCustomer, { ...patch, id: customerId }) };
    } catch (error) {
      throw error instanceof AppError && error.code === 'not_found' ? new AppError('login_required') : error;
    } finally {
      // Also after an error: the change may have been made.
      await this.customers.forget(customerId);
    }
  }

  @Put('me/password')
  @HttpCode(204)
  @UseGuards(LoggedIn)
  @Documented({
    summary: 'Change your password and end all your other sessions',
    refuses: ['bad_credentials', 'rate_limited'],
    example: { current: 'correct-horse', next: 'battery-staple' },
  })
  async changePassword(
    @CurrentSession() session: CustomerSession,
    @Body({ schema: PasswordChange }) change: PasswordChange,
    @Ip() address: string,
  ): Promise<void> {
    const { customerId: id, customer } = session;
    const { email } = customer;
    await this.limits.guessPassword(email, address, () =>
      this.rpc.call(accountsRpc.checkCredentials, { email, password: change.current }),
    );
    // First, so that the password stays when sessions cannot be ended.
    await this.sessions.endAll(id, session);
    try {
      await this.rpc.call(accountsRpc.changePassword, { ...change, id });
    } finally {
      // Again, for sessions that began meanwhile. Also after an error: the change may have been made.
      await this.sessions.endAll(id, session);
    }
  }
}
