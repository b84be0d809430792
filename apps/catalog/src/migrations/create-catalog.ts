import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCatalog implements MigrationInterface {
  readonly name = 'CreateCatalog1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table categories (
        id uuid primary key,
        slug text not null unique,
        name text not null,
        created_at timestamptz not null default now()
      )`);

    // A sale writes only "stock", which no index contains (in_stock seldom changes), so it stays a cheap heap-only
    // update; the fill factor leaves room for it on the same page.
    await runner.query(`
      create table products (
        id uuid primary key,
        slug text not null unique,
        name text not null,
        description text not null,
        category_id uuid not null references categories,
        price_cents integer not null check (price_cents between 0 and 100000000),
        stock integer not null constraint products_stock_not_negative check (stock >= 0),
        in_stock boolean generated always as (stock > 0) stored,
        featured boolean not null default false,
        hidden boolean not null default false,
        tags text[] not null default '{}',
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        search tsvector generated always as (
          setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'B')
        ) stored
      ) with (fillfactor = 85)`);

    // One index per sort of a list, with and without a category; ids are UUIDv7, so their order is by age.
    // Names sort by bytes ("C"): a collation of the operating system may differ between a primary and its replicas.
    for (const [name, columns] of [
      ['newest', 'id'],
      ['price', 'price_cents, id'],
      ['name', 'lower(name) collate "C", id'],
    ]) {
      await runner.query(`create index products_by_${name} on products (${columns}) where not hidden`);
      await runner.query(
        `create index products_by_category_and_${name} on products (category_id, ${columns}) where not hidden`,
      );
    }
    await runner.query('create index products_featured on products (id) where featured and not hidden');
    await runner.query('create index products_by_search on products using gin (search)');
    await runner.query('create index products_by_tag on products using gin (tags)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table products, categories');
  }
}
