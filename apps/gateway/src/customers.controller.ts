import { Body, Controller, HttpCode, Patch, Post, Put, Req, Res, UseGuards } from '@nestjs/common';
import { CustomerAnswer, CustomerPatch, PasswordChange, Registration, accountsRpc } from '@shop/contracts/accounts';
import { Rpc } from '@shop/kit/rpc/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Customers } from './customers.js';
import { Documented, setsCookie } from './documented.js';
import { CurrentSession, LoggedIn, type CustomerSession } from './guards.js';
import { RateLimits, addressGroup } from './rate-limits.js';
import { Visitors } from './visitors.js';

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
    const customer = await this.rpc.call(accountsRpc.updateCustomer, { ...patch, id: customerId });
    await this.customers.forget(customerId);
    return { customer };
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
  ): Promise<void> {
    const { customerId } = session;
    await this.limits.guess([['passwordsPerAccount', customerId]], () =>
      this.rpc.call(accountsRpc.changePassword, { ...change, id: customerId }),
    );
    await this.visitors.logOutElsewhere(session);
  }
}
