import { Module } from '@nestjs/common';
import { RedisCacheModule, RedisStateModule } from '@shop/kit/redis';
import { CustomersController } from './customers.controller.js';
import { Customers } from './customers.js';
import { RateLimits } from './rate-limits.js';
import { SessionController } from './session.controller.js';
import { Sessions } from './sessions.js';
import { Visitors } from './visitors.js';

@Module({
  imports: [RedisStateModule, RedisCacheModule],
  controllers: [CustomersController, SessionController],
  providers: [Customers, RateLimits, Sessions, Visitors],
  exports: [RateLimits, Visitors],
})
export class SessionsModule {}
