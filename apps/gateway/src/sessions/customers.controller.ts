import { Body, Controller, HttpCode, Patch, Post, Put, Req, Res, UseGuards } from '@nestjs/common';
import { CustomerAnswer, CustomerPatch, PasswordChange, Registration, accountsRpc } from '@shop/contracts/accounts';
import { AppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Customers } from './customers.js';
import { Documented, setsCookie } from '../docs/documented.js';
import { CurrentSession, LoggedIn } from './guards.js';
import { RateLimits, addressGroup } from './rate-limits.js';
import { Visitors, type CustomerSession } from './visitors.js';

@Controller('api/customers')
export class CustomersController {
  constructor(
    private readonly rpc: Rpc,
    private readonly customers: Customers,
    private readonly visitors: Visitors,
    private readonly limits: RateLimits,
  ) {}

  @Post()
  @Documented({
    summary: 'Register, and be logged in',
    status: 201,
    answer: CustomerAnswer,
    refuses: ['email_taken', 'rate_limited'],
    example: { email: 'ada@example.org', password: 'correct-horse', name: 'Ada' },
    ...setsCookie,
  })
  async register(
    @Body({ schema: Registration }) registration: Registration,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerAnswer> {
    await this.limits.take('registrationsPerAddress', addressGroup(request.ip));
    const customer = await this.rpc.call(accountsRpc.createCustomer, registration);
    await this.visitors.logIn(request, reply, customer.id);
    return { customer };
  }

  @Patch('me')
  @UseGuards(LoggedIn)
  @Documented({ summary: 'Change your name', answer: CustomerAnswer, access: 'customer', example: { name: 'Ada L.' } })
  async update(
    @CurrentSession() { customerId }: CustomerSession,
    @Body({ schema: CustomerPatch }) patch: CustomerPatch,
  ): Promise<CustomerAnswer> {
    try {
      return { customer: await this.rpc.call(accountsRpc.updateCustomer, { ...patch, id: customerId }) };
    } catch (error) {
      throw error instanceof AppError && error.code === 'not_found' ? new AppError('login_required') : error;
    } finally {
      // A change that answers with an error may have been made.
      await this.customers.forget(customerId);
    }
  }

  @Put('me/password')
  @HttpCode(204)
  @UseGuards(LoggedIn)
  @Documented({
    summary: 'Change your password; all your other sessions end',
    status: 204,
    access: 'customer',
    refuses: ['bad_credentials', 'rate_limited'],
    example: { current: 'correct-horse', next: 'battery-staple' },
  })
  async changePassword(
    @CurrentSession() session: CustomerSession,
    @Body({ schema: PasswordChange }) change: PasswordChange,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const { customerId: id, customer } = session;
    const { email } = customer;
    await this.limits.guessPassword(email, request.ip, () =>
      this.rpc.call(accountsRpc.checkCredentials, { email, password: change.current }),
    );
    // Beforehand: where sessions cannot be ended, the password stays.
    await this.visitors.logOutElsewhere(session);
    try {
      await this.rpc.call(accountsRpc.changePassword, { ...change, id });
    } finally {
      // Once more, for those that began meanwhile; a change that answers with an error may have been made.
      await this.visitors.logOutElsewhere(session);
    }
  }
}
