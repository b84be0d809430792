// Two accounts to try the shop with. Their passwords are public: never seed a shop that others can reach.
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Registration, Role } from '@shop/contracts/accounts';
import { AppError } from '@shop/kit/errors';
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
    private readonly accounts: AccountsService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.SEED !== 'demo') return;
    for (const { id, role, ...registration } of demo) {
      if (await this.accounts.findByEmail(registration.email)) continue;
      await this.accounts.create(registration, role, id).catch(ignoreTaken);
    }
  }
}

/** Another replica was faster. */
function ignoreTaken(error: unknown): void {
  if (!(error instanceof AppError && error.code === 'email_taken')) throw error;
}
