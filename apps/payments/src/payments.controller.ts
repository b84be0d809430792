import { Controller } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { paymentsRpc } from '@shop/contracts/payments';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { failPoint } from '@shop/kit/fail-point';
import { Handles } from '@shop/rpc/handles';
import { DataSource } from 'typeorm';
import { creditOf, give } from './credit.js';
import { stateOf } from './payment-writes.js';
import { insertRefund, refundsOf } from './refund-requests.js';

type Rpcs = typeof paymentsRpc;

@Controller()
export class PaymentsController {
  constructor(@InjectDataSource('payments') private readonly db: DataSource) {}

  @Handles(paymentsRpc.getPayment)
  getPayment({ orderId }: InputOf<Rpcs['getPayment']>): Promise<OutputOf<Rpcs['getPayment']>> {
    return stateOf(this.db, orderId);
  }

  @Handles(paymentsRpc.requestRefund)
  async requestRefund(refund: InputOf<Rpcs['requestRefund']>): Promise<OutputOf<Rpcs['requestRefund']>> {
    await insertRefund(this.db, refund);
    failPoint('payments.after-refund-insert');
    return { done: true };
  }

  @Handles(paymentsRpc.listRefunds)
  async listRefunds({ orderId }: InputOf<Rpcs['listRefunds']>): Promise<OutputOf<Rpcs['listRefunds']>> {
    return { items: await refundsOf(this.db, orderId) };
  }

  @Handles(paymentsRpc.getCredit)
  getCredit({ customerId }: InputOf<Rpcs['getCredit']>): Promise<OutputOf<Rpcs['getCredit']>> {
    return creditOf(this.db, customerId);
  }

  @Handles(paymentsRpc.giveCredit)
  giveCredit({ customerId, ...gift }: InputOf<Rpcs['giveCredit']>): Promise<OutputOf<Rpcs['giveCredit']>> {
    return give(this.db, customerId, gift);
  }
}
