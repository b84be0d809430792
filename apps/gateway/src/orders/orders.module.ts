import { Module } from '@nestjs/common';
import { CartModule } from '../cart/cart.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { Checkout } from './checkout.js';
import { CreditController } from './credit.controller.js';
import { OrderCustomers } from './order-customers.js';
import { OrderEventsController } from './order-events.controller.js';
import { OrdersController } from './orders.controller.js';
import { StripeEventsController } from './stripe-events.controller.js';

@Module({
  imports: [CartModule, SessionsModule],
  controllers: [OrdersController, OrderEventsController, CreditController, StripeEventsController],
  providers: [Checkout, OrderCustomers],
  exports: [OrderCustomers],
})
export class OrdersModule {}
