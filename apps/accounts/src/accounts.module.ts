import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { accountsRpc } from '@shop/contracts/accounts';
import { databaseModule } from '@shop/kit/database';
import { defineService } from '@shop/kit/service';
import { accountsConfig } from './accounts.config.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { CustomerSearch } from './customer-search.js';
import { entities, migrations } from './database.js';
import { Seed } from './seed.js';

@Module({
  imports: [
    databaseModule({
      name: 'accounts',
      config: accountsConfig,
      url: 'ACCOUNTS_DATABASE_URL',
      entities,
      migrations,
    }),
    TypeOrmModule.forFeature(entities, 'accounts'),
  ],
  controllers: [AccountsController],
  providers: [AccountsService, CustomerSearch, Seed],
})
export class AccountsModule {}

export const accounts = defineService({
  name: 'accounts',
  module: AccountsModule,
  config: accountsConfig,
  rpc: accountsRpc,
});
