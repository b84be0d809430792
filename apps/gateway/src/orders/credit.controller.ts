import { Body, Controller, Get, Param, Post, UseGuards } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import { Credit, CreditEntry, CreditGift, paymentsRpc } from '@shop/contracts/payments';
import { Rpc } from '@shop/rpc/rpc';
import { Documented } from '../documented.js';
import { readId } from '../path-params.js';
import { CurrentSession, LoggedIn, Staff } from '../sessions/guards.js';
import type { CustomerSession } from '../sessions/request-session.js';

@Controller('api')
export class CreditController {
  constructor(private readonly rpc: Rpc) {}

  @Get('credit')
  @UseGuards(LoggedIn)
  @Documented({ summary: 'Your store credit: the balance and the 100 newest entries', answer: Credit })
  get(@CurrentSession() { customerId }: CustomerSession): Promise<Credit> {
    return this.rpc.call(paymentsRpc.getCredit, { customerId });
  }

  @Post('customers/:id/credit')
  @UseGuards(Staff)
  @Documented({
    summary: 'Give a customer store credit',
    description: 'Once per customer and reference: the same request again returns the first entry.',
    answer: CreditEntry,
    refuses: ['idempotency_key_reused'],
    example: { amountCents: 1000, reference: 'late-parcel-7' },
  })
  async give(@Param('id') text: string, @Body({ schema: CreditGift }) gift: CreditGift): Promise<CreditEntry> {
    const customerId = readId('customer', text);
    // Asks accounts, not the cache: credit for a deleted customer would be lost. not_found.
    await this.rpc.call(accountsRpc.getCustomer, { id: customerId });
    return this.rpc.call(paymentsRpc.giveCredit, { ...gift, customerId });
  }
}
