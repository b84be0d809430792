import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { QueuesController } from './queues.controller.js';
import { StaffHealthReader } from './staff-health.js';
import { StaffOrdersController } from './staff-orders.controller.js';
import { StaffProductsController } from './staff-products.controller.js';
import { StaffController } from './staff.controller.js';

@Module({
  imports: [OrdersModule, SessionsModule],
  controllers: [StaffController, StaffProductsController, StaffOrdersController, QueuesController],
  providers: [StaffHealthReader],
})
export class StaffModule {}
