import { expect, it } from 'vitest';
import { objectionTo, setNotNullIn, statementsIn } from './migration-rules.js';

const existed = new Set(['orders', 'orders_by_day', 'customers']);
const alone = { existed, earlier: [] };

function objection(sql: string, inTransaction = true, earlier: string[] = []): string | undefined {
  return statementsIn(sql)
    .map((statement) => objectionTo(statement, { ...alone, inTransaction, earlier }))
    .find((text) => text !== undefined);
}

it.each([
  'create index orders_by_day on orders (day)',
  'CREATE UNIQUE INDEX x ON public.orders USING btree (day)',
  'create index on only "orders" (day)',
  'drop index orders_by_day',
  'drop index if exists orders_by_day',
  'create index concurrently if not exists x on orders (day)',
  'drop index concurrently if exists orders_by_day',
  'alter table orders add constraint c check (total > 0)',
  'alter table orders add check (total > 0)',
  'alter table orders add constraint f foreign key (customer_id) references customers',
  'alter table orders add column customer_id uuid references customers',
  'alter table orders add column a int, add constraint c check (a > 0)',
  'alter table orders add constraint n not null total',
  'alter table orders add constraint u unique (day)',
  'alter table orders add column code text unique',
  'alter table orders add primary key (id)',
  'alter table orders alter column total type bigint',
  'alter table orders alter total set data type bigint',
  'alter table orders add column token uuid default gen_random_uuid()',
  'alter table orders add token uuid not null default (gen_random_uuid())',
  `alter table orders add column token text default 'x' || random()`,
  'alter table orders add column n bigserial',
  'alter table orders add column n int generated always as identity',
  'alter table orders add column day date generated always as (created_at::date) stored',
  'alter table orders add column day date not null',
  'alter table orders rename column total to sum',
  'alter table orders rename to purchases',
  'alter table orders set unlogged',
  `update orders set day = now()`,
  'with old as (select id from orders limit 10) delete from orders using old where orders.id = old.id',
  'lock table orders',
  'truncate orders',
  'vacuum full orders',
  'vacuum (full, analyze) orders',
  'cluster orders using orders_by_day',
  'reindex table orders',
  `do $$ begin update orders set day = now(); end $$`,
  'set lock_timeout = 0',
  'set local statement_timeout = 0',
  'commit',
])('refuses in a transaction: %s', (sql) => {
  expect(objection(sql)).toBeDefined();
});

it.each([
  'create index concurrently orders_by_day on orders (day)',
  'drop index concurrently orders_by_day',
  'update orders set day = now()',
  'delete from orders where day is null',
  'create index orders_by_day on orders (day)',
])('refuses outside a transaction: %s', (sql) => {
  expect(objection(sql, false)).toBeDefined();
});

it.each([
  'create table news (id uuid primary key, customer_id uuid references customers, n bigserial, check (n > 0))',
  'create index news_by_n on news (n)',
  'create unique index news_by_id on public.news (id)',
  'alter table news add constraint c check (n > 1)',
  'update news set n = 1',
  'alter table orders add column note text',
  `alter table orders add column state text not null default 'new'`,
  'alter table orders add column at timestamptz not null default now()',
  `alter table orders add column tags varchar(20)[] not null default '{}'::varchar(20)[]`,
  'alter table orders add column price numeric(10,2) default 0',
  'alter table orders add constraint c check (total > 0) not valid',
  'alter table orders add constraint f foreign key (customer_id) references customers not valid',
  'alter table orders add constraint u unique using index orders_by_day',
  'alter table orders alter column token set default gen_random_uuid()',
  'alter table orders alter column currency drop default',
  'alter table orders validate constraint c',
  'alter table orders drop column note',
  'alter table orders drop constraint orders_status_check',
  `create or replace function f() returns trigger language plpgsql as $body$ begin update orders set day = now(); return new; end $body$`,
  'create trigger t after insert or update or delete on orders for each row execute function f()',
  `comment on table orders is 'update orders; lock table orders'`,
  '-- drop index orders_by_day\nselect 1 /* truncate orders */',
  'insert into news select id from orders',
])('lets pass in a transaction: %s', (sql) => {
  expect(objection(sql)).toBeUndefined();
});

it.each([
  'create unique index concurrently if not exists orders_by_day on orders (day)',
  'drop index concurrently if exists orders_by_day',
  'update orders set day = now() where id in (select id from orders where day is null limit 1000)',
  'with some as (select id from orders where day is null limit 1000) update orders set day = now() from some where some.id = orders.id',
])('lets pass outside a transaction: %s', (sql) => {
  expect(objection(sql, false)).toBeUndefined();
});

it('refuses to validate a constraint together with anything else', () => {
  const validate = 'alter table orders validate constraint c';
  expect(objection(validate, true, ['alter table orders add column a int'])).toBeDefined();
  expect(objection('alter table orders add column a int', true, [validate])).toBeDefined();
  expect(objection(validate, false, ['alter table orders add column a int'])).toBeUndefined();
});

it('finds the column that is to be not null', () => {
  expect(setNotNullIn('alter table orders alter column day set not null')).toEqual({ table: 'orders', column: 'day' });
  expect(setNotNullIn('alter table orders alter column day drop not null')).toBeUndefined();
});
