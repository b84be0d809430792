import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import type {
  Credentials,
  Customer,
  CustomerPatch,
  PasswordChange,
  Registration,
  Role,
} from '@shop/contracts/accounts';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/rpc/errors';
import { DataSource, Raw, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CustomerEntity, normalizeEmail } from './customer.entity.js';
import { hashPassword, dummyHash, refuseWhenBusy, verifyPassword } from './passwords.js';

@Injectable()
export class AccountsService {
  constructor(
    @InjectDataSource('accounts') private readonly db: DataSource,
    @InjectRepository(CustomerEntity, 'accounts') private readonly customers: Repository<CustomerEntity>,
  ) {}

  /** Throws email_taken, whatever the case of the address. */
  async create({ email, password, name }: Registration, role: Role = 'customer', id = uuidv7()): Promise<Customer> {
    const [created] = await sql<Customer>(
      this.db,
      `insert into customers (id, email, name, role, password_hash) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning id, email, name, role`,
      [id, normalizeEmail(email), name, role, await hashPassword(password)],
    );
    if (!created) throw new AppError('email_taken');
    return created;
  }

  /** Takes as long for an unknown address as for a wrong password, so that the time does not reveal who has an account. */
  async check({ email, password }: Credentials): Promise<Customer> {
    refuseWhenBusy();
    const customer = await this.findByEmail(email);
    const right = await verifyPassword(customer?.passwordHash ?? (await dummyHash), password);
    if (!customer || !right) throw new AppError('bad_credentials');
    return toCustomer(customer);
  }

  async get(id: string): Promise<Customer> {
    const [customer] = await this.getMany([id]);
    if (!customer) throw new AppError('not_found', 'There is no such customer.');
    return customer;
  }

  /** Unknown ids are left out. */
  getMany(ids: string[]): Promise<Customer[]> {
    return sql(this.db, 'select id, email, name, role from customers where id = any($1)', [ids]);
  }

  async update(id: string, { name }: CustomerPatch): Promise<Customer> {
    const [updated] = await sql<Customer>(
      this.db,
      'update customers set name = $2 where id = $1 returning id, email, name, role',
      [id, name],
    );
    if (!updated) throw new AppError('not_found');
    return updated;
  }

  async changePassword(id: string, { current, next }: PasswordChange): Promise<void> {
    const { passwordHash } = await this.row(id);
    if (!(await verifyPassword(passwordHash, current)))
      throw new AppError('bad_credentials', 'The current password is wrong.');
    // When two changes come at once, the current password of the second is no longer valid.
    const changed = await sql(
      this.db,
      'update customers set password_hash = $3 where id = $1 and password_hash = $2 returning id',
      [id, passwordHash, await hashPassword(next)],
    );
    if (changed.length === 0) throw new AppError('bad_credentials', 'The current password is wrong.');
  }

  findByEmail(email: string): Promise<CustomerEntity | null> {
    // The expression of the index: a plain comparison would read the whole table.
    return this.customers.findOneBy({
      email: Raw((column) => `lower(${column}) = :email`, { email: normalizeEmail(email) }),
    });
  }

  private async row(id: string): Promise<CustomerEntity> {
    const customer = await this.customers.findOneBy({ id });
    if (!customer) throw new AppError('not_found', 'There is no such customer.');
    return customer;
  }
}

function toCustomer({ id, email, name, role }: CustomerEntity): Customer {
  return { id, email, name, role };
}
