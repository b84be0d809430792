import { Controller } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { Handles } from '@shop/rpc/handles';
import { AccountsService } from './accounts.service.js';
import { CustomerSearch } from './customer-search.js';

type Rpc = typeof accountsRpc;

@Controller()
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly search: CustomerSearch,
  ) {}

  @Handles(accountsRpc.createCustomer)
  createCustomer(input: InputOf<Rpc['createCustomer']>): Promise<OutputOf<Rpc['createCustomer']>> {
    return this.accounts.create(input);
  }

  @Handles(accountsRpc.checkCredentials)
  checkCredentials(input: InputOf<Rpc['checkCredentials']>): Promise<OutputOf<Rpc['checkCredentials']>> {
    return this.accounts.check(input);
  }

  @Handles(accountsRpc.getCustomer)
  getCustomer({ id }: InputOf<Rpc['getCustomer']>): Promise<OutputOf<Rpc['getCustomer']>> {
    return this.accounts.get(id);
  }

  @Handles(accountsRpc.getCustomers)
  async getCustomers({ ids }: InputOf<Rpc['getCustomers']>): Promise<OutputOf<Rpc['getCustomers']>> {
    return { customers: await this.accounts.getMany(ids) };
  }

  @Handles(accountsRpc.findCustomers)
  async findCustomers({ q }: InputOf<Rpc['findCustomers']>): Promise<OutputOf<Rpc['findCustomers']>> {
    return { ids: await this.search.find(q) };
  }

  @Handles(accountsRpc.updateCustomer)
  updateCustomer({ id, ...patch }: InputOf<Rpc['updateCustomer']>): Promise<OutputOf<Rpc['updateCustomer']>> {
    return this.accounts.update(id, patch);
  }

  @Handles(accountsRpc.changePassword)
  async changePassword({ id, ...change }: InputOf<Rpc['changePassword']>): Promise<OutputOf<Rpc['changePassword']>> {
    await this.accounts.changePassword(id, change);
    return { done: true };
  }
}
