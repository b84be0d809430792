// A service that only adds jobs.
import { Module } from '@nestjs/common';
import { QueueModule } from '@shop/kit/queue';
import { defineService } from '@shop/kit/service';

@Module({ imports: [QueueModule] })
class AskingModule {}

export const asking = defineService({ name: 'accounts', module: AskingModule });
