import { Module } from '@nestjs/common';
import { RedisCacheModule, RedisStateModule } from '@shop/kit/redis';
import { defineService } from '@shop/kit/service';
import { StorageModule } from '@shop/kit/storage';
import { CartController } from './cart.controller.js';
import { CartView } from './cart-view.js';
import { Carts } from './carts.js';
import { CategoriesController } from './categories.controller.js';
import { Checkout } from './checkout.js';
import { CreditController } from './credit.controller.js';
import { CustomersController } from './customers.controller.js';
import { Customers } from './customers.js';
import { serveDocs } from './docs.js';
import { gatewayConfig } from './gateway.config.js';
import { ImagesController, streamPictures } from './images.controller.js';
import { MediaController } from './media.controller.js';
import { endStreamsOnClose, OrderEventsController } from './order-events.controller.js';
import { OrdersController } from './orders.controller.js';
import { ProductsController } from './products.controller.js';
import { preparePublicDoor } from './public-door.js';
import { QueuesController } from './queues.controller.js';
import { RateLimits } from './rate-limits.js';
import { SessionController } from './session.controller.js';
import { Sessions } from './sessions.js';
import { StaffController } from './staff.controller.js';
import { StaffHealthReads } from './staff-health.js';
import { StaffOrders } from './staff-orders.js';
import { StaffOrdersController } from './staff-orders.controller.js';
import { StaffProductsController } from './staff-products.controller.js';
import { StripeEventsController, keepRawStripeEvents } from './stripe-events.controller.js';
import { serveStorefront } from './storefront.js';
import { Uploads } from './uploads.js';
import { Visitors } from './visitors.js';

/** The API, as its description tells it. */
const controllers = [
  ProductsController,
  ImagesController,
  MediaController,
  CategoriesController,
  CustomersController,
  SessionController,
  CartController,
  OrdersController,
  StaffController,
  StaffProductsController,
  StaffOrdersController,
  CreditController,
  StripeEventsController,
  OrderEventsController,
];

@Module({
  imports: [RedisStateModule, RedisCacheModule, StorageModule],
  controllers: [...controllers, QueuesController],
  providers: [
    Sessions,
    Visitors,
    Customers,
    Carts,
    CartView,
    Checkout,
    RateLimits,
    Uploads,
    StaffHealthReads,
    StaffOrders,
  ],
})
export class GatewayModule {}

export const gateway = defineService({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  http: (app) => {
    preparePublicDoor(app);
    keepRawStripeEvents(app);
    streamPictures(app);
    endStreamsOnClose(app);
    serveDocs(app, controllers);
    serveStorefront(app);
  },
});
