import { Controller } from '@nestjs/common';
import { paymentsRpc } from '@shop/contracts/payments';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { Handles } from '@shop/rpc/handles';
import { ProviderEvents } from '../../provider-events.js';

type Event = InputOf<typeof paymentsRpc.receiveStripeEvent>;
type Received = OutputOf<typeof paymentsRpc.receiveStripeEvent>;

@Controller()
export class StripeEventsController {
  constructor(private readonly events: ProviderEvents) {}

  @Handles(paymentsRpc.receiveStripeEvent)
  async receiveStripeEvent({ body, signature }: Event): Promise<Received> {
    await this.events.receive('stripe', body, signature);
    return { done: true };
  }
}
