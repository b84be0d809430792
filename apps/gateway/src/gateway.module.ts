import { Module } from '@nestjs/common';
import { RedisCacheModule, RedisStateModule } from '@shop/kit/redis';
import { defineService } from '@shop/kit/service';
import { StorageModule } from '@shop/kit/storage';
import { CartController } from './cart/cart.controller.js';
import { CartView } from './cart/cart-view.js';
import { Carts } from './cart/carts.js';
import { CategoriesController } from './products/categories.controller.js';
import { Checkout } from './orders/checkout.js';
import { CreditController } from './orders/credit.controller.js';
import { CustomersController } from './sessions/customers.controller.js';
import { Customers } from './sessions/customers.js';
import { serveDocs } from './docs/docs.js';
import { gatewayConfig } from './gateway.config.js';
import { ImagesController, streamPictures } from './images/images.controller.js';
import { MediaController } from './images/media.controller.js';
import { endStreamsOnClose, OrderEventsController } from './orders/order-events.controller.js';
import { OrdersController } from './orders/orders.controller.js';
import { ProductsController } from './products/products.controller.js';
import { preparePublicDoor } from './public-door.js';
import { QueuesController } from './staff/queues.controller.js';
import { RateLimits } from './sessions/rate-limits.js';
import { SessionController } from './sessions/session.controller.js';
import { Sessions } from './sessions/sessions.js';
import { StaffController } from './staff/staff.controller.js';
import { StaffHealthReads } from './staff/staff-health.js';
import { StaffOrders } from './staff/staff-orders.js';
import { StaffOrdersController } from './staff/staff-orders.controller.js';
import { StaffProductsController } from './staff/staff-products.controller.js';
import { StripeEventsController, keepRawStripeEvents } from './orders/stripe-events.controller.js';
import { serveStorefront } from './storefront/storefront.js';
import { Uploads } from './images/uploads.js';
import { Visitors } from './sessions/visitors.js';

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
