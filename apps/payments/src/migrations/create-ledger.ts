import type { MigrationInterface, QueryRunner } from 'typeorm';

// The database itself enforces the rules of the books, for every client:
//  - each transaction sums to zero after every single statement;
//  - rows are never updated or deleted;
//  - a customer's balance is the sum of the entries of its account, and never negative.
export class CreateLedger1763769600002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table ledger_accounts (
        name text primary key,
        customer_id uuid unique,
        balance_cents bigint constraint balance_not_negative check (balance_cents >= 0),
        check ((customer_id is null) = (balance_cents is null))
      )`);
    // The shop's own accounts have no balance: every order would wait for that one row.
    await runner.query(`insert into ledger_accounts (name) values ('sales'), ('provider:fake'), ('credit-given')`);
    await runner.query(`
      create table ledger_transactions (
        id uuid primary key,
        reference text not null unique,
        created_at timestamptz not null default now()
      )`);
    // No foreign key to the account: it would lock the row of 'sales' for every order. The trigger checks instead.
    await runner.query(`
      create table ledger_entries (
        transaction_id uuid not null references ledger_transactions,
        account text not null,
        amount_cents bigint not null check (amount_cents <> 0),
        primary key (transaction_id, account)
      )`);
    await runner.query('create index ledger_entries_of_account on ledger_entries (account, transaction_id desc)');
    await runner.query(`
      create function ledger_check_entries() returns trigger language plpgsql as $$
      begin
        if exists (select from entries group by transaction_id having sum(amount_cents) <> 0) then
          raise exception 'the entries of a ledger transaction must sum to zero' using errcode = 'check_violation';
        end if;
        if exists (select from entries where account not in (select name from ledger_accounts where name = account)) then
          raise exception 'a ledger entry names an unknown account' using errcode = 'foreign_key_violation';
        end if;
        update ledger_accounts
        set balance_cents = balance_cents + added.cents
        from (select account, sum(amount_cents) as cents from entries group by account) added
        where name = added.account and customer_id is not null;
        return null;
      end $$`);
    await runner.query(`
      create trigger check_entries after insert on ledger_entries
      referencing new table as entries for each statement execute function ledger_check_entries()`);
    await runner.query(`
      create function ledger_refuse() returns trigger language plpgsql as $$
      begin
        raise exception 'the ledger is only ever added to: no % of %', lower(tg_op), tg_table_name
          using errcode = 'restrict_violation';
      end $$`);
    for (const table of ['ledger_transactions', 'ledger_entries']) {
      await runner.query(`
        create trigger refuse_change before update or delete or truncate on ${table}
        for each statement execute function ledger_refuse()`);
    }
    await runner.query(`
      create trigger refuse_removal before delete or truncate on ledger_accounts
      for each statement execute function ledger_refuse()`);
    // Only the trigger of entries, which runs at a depth above 0, may update an account.
    await runner.query(`
      create trigger refuse_change before update on ledger_accounts
      for each row when (pg_trigger_depth() = 0) execute function ledger_refuse()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ledger_entries, ledger_transactions, ledger_accounts');
    await runner.query('drop function ledger_check_entries, ledger_refuse');
  }
}
