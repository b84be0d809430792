import { Module } from '@nestjs/common';
import { paymentsJobs, paymentsRpc } from '@shop/contracts/payments';
import { databaseModule } from '@shop/kit/database';
import { QueueModule } from '@shop/kit/queue';
import { RedisStateModule } from '@shop/kit/redis';
import { defineService } from '@shop/kit/service';
import { ChargePayment } from './charge-payment.js';
import { migrations } from './database.js';
import { paymentsConfig } from './payments.config.js';
import { PaymentsController } from './payments.controller.js';
import { ProviderEvents } from './provider-events.js';
import { Providers } from './providers/providers.js';
import { StripeEventsController } from './providers/stripe/stripe-events.controller.js';
import { RefundPayment } from './refund-payment.js';
import { Seed } from './seed.js';

const database = { name: 'payments', config: paymentsConfig, url: 'PAYMENTS_DATABASE_URL' } as const;

@Module({
  imports: [databaseModule({ ...database, entities: [], migrations }), QueueModule, RedisStateModule],
  controllers: [PaymentsController, StripeEventsController],
  providers: [ChargePayment, RefundPayment, ProviderEvents, Providers, Seed],
})
export class PaymentsModule {}

export const payments = defineService({
  name: 'payments',
  module: PaymentsModule,
  config: paymentsConfig,
  rpc: paymentsRpc,
  jobs: paymentsJobs,
});
