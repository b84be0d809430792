// Gives the demo customer store credit. A database that has payments but was not seeded from its beginning belongs to a real
// shop, so the process refuses to start.
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { BootError } from '@shop/kit/boot-check';
import { sql } from '@shop/kit/database';
import { DataSource } from 'typeorm';
import { giveCredit } from './credit.js';
import { creditAccount } from './ledger.js';
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
    if (this.config.SEED !== 'demo') return;
    if (await this.isRealShop())
      throw new BootError(
        'SEED=demo is refused: this payments database has payments and was never a demo. Set SEED=none.',
      );
    await giveCredit(this.db, DEMO_CUSTOMER_ID, 100_00, 'seed');
  }

  private async isRealShop(): Promise<boolean> {
    const [found] = await sql<{ real: boolean }>(
      this.db,
      `select exists (select from payments)
              and not exists (select from ledger_accounts where name = $1) as real`,
      [creditAccount(DEMO_CUSTOMER_ID)],
    );
    return found!.real;
  }
}
