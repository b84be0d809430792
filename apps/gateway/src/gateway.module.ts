import { Module } from '@nestjs/common';
import { defineService } from '@shop/kit/service';
import { CartModule } from './cart/cart.module.js';
import { serveDocs } from './docs/docs.js';
import { gatewayConfig } from './gateway.config.js';
import { streamUploads } from './images/images.controller.js';
import { ImagesModule } from './images/images.module.js';
import { endStreamsOnClose } from './orders/order-events.controller.js';
import { OrdersModule } from './orders/orders.module.js';
import { keepRawStripeEvents } from './orders/stripe-events.controller.js';
import { ProductsModule } from './products/products.module.js';
import { preparePublicHttpServer } from './public-http-server.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StaffModule } from './staff/staff.module.js';
import { StorefrontModule } from './storefront/storefront.module.js';

@Module({
  imports: [SessionsModule, CartModule, OrdersModule, ProductsModule, ImagesModule, StaffModule, StorefrontModule],
})
export class GatewayModule {}

export const gateway = defineService({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  // Before the routes of the modules are made.
  http: (app) => {
    preparePublicHttpServer(app);
    keepRawStripeEvents(app);
    streamUploads(app);
    endStreamsOnClose(app);
    serveDocs(app);
  },
});
