import { Module } from '@nestjs/common';
import { RedisStateModule } from '@shop/kit/redis';
import { SessionsModule } from '../sessions/sessions.module.js';
import { RequestSession } from '../sessions/request-session.js';
import { CartController } from './cart.controller.js';
import { CartView } from './cart-view.js';
import { Carts, cartOf } from './carts.js';

@Module({
  imports: [RedisStateModule, SessionsModule],
  controllers: [CartController],
  providers: [Carts, CartView],
  exports: [Carts, CartView],
})
export class CartModule {
  constructor(requestSession: RequestSession, carts: Carts) {
    requestSession.onLogIn((anonymous, session) => carts.merge(cartOf(anonymous), cartOf(session)));
  }
}
