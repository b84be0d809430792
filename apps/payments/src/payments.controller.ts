import { Controller } from '@nestjs/common';
import { paymentsRpc } from '@shop/contracts/payments';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { Handles } from '@shop/kit/rpc/handles';
import { ChargePayment } from './charge-payment.js';

type Rpcs = typeof paymentsRpc;

@Controller()
export class PaymentsController {
  constructor(private readonly payments: ChargePayment) {}

  @Handles(paymentsRpc.getPayment)
  getPayment({ orderId }: InputOf<Rpcs['getPayment']>): Promise<OutputOf<Rpcs['getPayment']>> {
    return this.payments.stateOf(orderId);
  }
}
