// What payments has not got round to, for the autoscaler: jobs, and payments that no process has room for.
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { sql } from '@shop/kit/database';
import { Queues } from '@shop/kit/queue';
import { exportQueueDepth } from '@shop/kit/queue-depth';
import { DataSource } from 'typeorm';

const QUEUE = 'payments';

@Injectable()
export class Backlog implements OnModuleInit {
  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    private readonly queues: Queues,
  ) {}

  onModuleInit(): void {
    exportQueueDepth(QUEUE, async () => {
      const [jobs, [due]] = await Promise.all([
        this.queues.depth(QUEUE),
        // Not those under way, whose lease runs: waiting for a provider is no work that more processes could do.
        sql<{ payments: number }>(
          this.db,
          'select count(*)::int as payments from payments where next_attempt_at <= now()',
        ),
      ]);
      return jobs + due!.payments;
    });
  }
}
