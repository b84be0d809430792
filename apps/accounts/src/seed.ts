// Creates two demo accounts. Their passwords are public, so never seed a shop that others can reach. A database that has accounts
// but was not seeded from its beginning belongs to a real shop: the process refuses to start, so that a roll-out with the wrong
// settings stops while the old processes still serve.
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Registration, Role } from '@shop/contracts/accounts';
import { BootError } from '@shop/kit/boot-check';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/rpc/errors';
import { DataSource } from 'typeorm';
import { accountsConfig, type AccountsConfig } from './accounts.config.js';
import { AccountsService } from './accounts.service.js';

const demo: (Registration & { id: string; role: Role })[] = [
  {
    id: '01900000-0000-7000-8000-000000000001',
    email: 'demo@shop.test',
    password: 'demo-password',
    name: 'Dana Demo',
    role: 'customer',
  },
  {
    id: '01900000-0000-7000-8000-000000000002',
    email: 'staff@shop.test',
    password: 'staff-password',
    name: 'Sam Staff',
    role: 'staff',
  },
];

@Injectable()
export class Seed implements OnApplicationBootstrap {
  constructor(
    @Inject(accountsConfig.token) private readonly config: AccountsConfig,
    @InjectDataSource('accounts') private readonly db: DataSource,
    private readonly accounts: AccountsService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.SEED !== 'demo') return;
    if (await this.isRealShop())
      throw new BootError(
        'SEED=demo is refused: this accounts database has accounts and was never a demo, and the passwords of the demo accounts are public. Set SEED=none.',
      );
    for (const { id, role, ...registration } of demo) {
      if (await this.accounts.findByEmail(registration.email)) continue;
      await this.accounts.create(registration, role, id).catch(ignoreTaken);
    }
  }

  /** A remaining demo account shows that this database was seeded as a demo, even if customers have registered since. */
  private async isRealShop(): Promise<boolean> {
    const [found] = await sql<{ real: boolean }>(
      this.db,
      `select exists (select from customers) and not exists (select from customers where id = any($1)) as real`,
      [demo.map(({ id }) => id)],
    );
    return found!.real;
  }
}

/** Another replica has created the account. */
function ignoreTaken(error: unknown): void {
  if (!(error instanceof AppError && error.code === 'email_taken')) throw error;
}
