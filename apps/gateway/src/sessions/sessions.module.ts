import { Module } from '@nestjs/common';
import { RedisCacheModule, RedisStateModule } from '@shop/kit/redis';
import { CustomersController } from './customers.controller.js';
import { Customers } from './customers.js';
import { RateLimits } from './rate-limits.js';
import { SessionController } from './session.controller.js';
import { Sessions } from './sessions.js';
import { RequestSession } from './request-session.js';

@Module({
  imports: [RedisStateModule, RedisCacheModule],
  controllers: [CustomersController, SessionController],
  providers: [Customers, RateLimits, Sessions, RequestSession],
  exports: [RateLimits, RequestSession],
})
export class SessionsModule {}
