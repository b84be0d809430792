// Store credit to try the shop with.
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { giveCredit } from './ledger.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';

/** demo@shop.test, as accounts seeds it. */
const DEMO_CUSTOMER_ID = '01900000-0000-7000-8000-000000000001';

@Injectable()
export class Seed implements OnApplicationBootstrap {
  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.SEED === 'demo') await giveCredit(this.db, DEMO_CUSTOMER_ID, 100_00, 'seed');
  }
}
