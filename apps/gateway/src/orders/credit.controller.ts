import { Body, Controller, Get, Param, Post, UseGuards } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import { Credit, CreditEntry, CreditGift, paymentsRpc } from '@shop/contracts/payments';
import { Rpc } from '@shop/rpc/rpc';
import { Documented } from '../docs/documented.js';
import { readId } from '../path-params.js';
import { CurrentSession, LoggedIn, Staff } from '../sessions/guards.js';
import type { CustomerSession } from '../sessions/visitors.js';

@Controller('api')
export class CreditController {
  constructor(private readonly rpc: Rpc) {}

  @Get('credit')
  @UseGuards(LoggedIn)
  @Documented({
    summary: 'Your store credit: what there is, and the hundred newest entries',
    answer: Credit,
    access: 'customer',
  })
  get(@CurrentSession() { customerId }: CustomerSession): Promise<Credit> {
    return this.rpc.call(paymentsRpc.getCredit, { customerId });
  }

  @Post('customers/:id/credit')
  @UseGuards(Staff)
  @Documented({
    summary: 'Give a customer store credit',
    description: 'Once per customer and reference: the same again answers what was given then.',
    status: 201,
    answer: CreditEntry,
    access: 'staff',
    params: { id: { description: 'The id of a customer', example: '01900000-0000-7000-8000-000000000001' } },
    refuses: ['not_found', 'idempotency_key_reused'],
    example: { amountCents: 1000, reference: 'late-parcel-7' },
  })
  async give(@Param('id') text: string, @Body({ schema: CreditGift }) gift: CreditGift): Promise<CreditEntry> {
    const customerId = readId('customer', text);
    // not_found, and not from a copy: credit given to a deleted customer would be lost.
    await this.rpc.call(accountsRpc.getCustomer, { id: customerId });
    return this.rpc.call(paymentsRpc.giveCredit, { ...gift, customerId });
  }
}
