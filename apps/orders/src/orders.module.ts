import { Module } from '@nestjs/common';
import { ordersJobs, ordersRpc } from '@shop/contracts/orders';
import { databaseModule } from '@shop/kit/database';
import { QueueModule } from '@shop/kit/queue';
import { defineService } from '@shop/kit/service';
import { entities, migrations } from './database.js';
import { ordersConfig } from './orders.config.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { PlaceOrder } from './place-order.js';
import { RefundsController } from './refunds.controller.js';
import { SettleOrder } from './settle-order.js';
import { Sweep } from './sweep.js';

@Module({
  imports: [
    databaseModule({ name: 'orders', config: ordersConfig, url: 'ORDERS_DATABASE_URL', entities, migrations }),
    // Not part of readiness: without Redis orders are accepted all the same, and paid once Redis is back.
    QueueModule,
  ],
  controllers: [OrdersController, RefundsController],
  providers: [OrdersService, PlaceOrder, SettleOrder, Sweep],
})
export class OrdersModule {}

export const orders = defineService({
  name: 'orders',
  module: OrdersModule,
  config: ordersConfig,
  rpc: ordersRpc,
  jobs: ordersJobs,
});
