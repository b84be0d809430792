// The parts of the sitemap, prepared in advance. See ../products/sitemaps.ts.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PrepareSitemaps implements MigrationInterface {
  readonly name = 'PrepareSitemaps1764600000402';

  async up(runner: QueryRunner): Promise<void> {
    // A part lists the products whose ids follow `after`, up to the `after` of the next part, so that each product is
    // in exactly one. lines: gzipped, so Postgres need not try to compress it; null until it is first prepared.
    await runner.query(`
      create table sitemap_parts (
        part integer generated always as identity primary key,
        after uuid not null unique,
        products integer not null default 0,
        lines bytea,
        etag text,
        changed_at timestamptz,
        due_at timestamptz not null default now()
      )`);
    await runner.query('alter table sitemap_parts alter column lines set storage external');
    await runner.query(`insert into sitemap_parts (after) values ('00000000-0000-0000-0000-000000000000')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table sitemap_parts');
  }
}
