// Image files, by the hash of their bytes (`pictures`), and the products that show them (`images`).
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePictures implements MigrationInterface {
  readonly name = 'CreatePictures1763800000003';

  async up(runner: QueryRunner): Promise<void> {
    // upload: the key of the uploaded original, until it is moved to its final key.
    // steps: the checklist, { <step>: { doneAt, result } }. shown: the results of the last complete run.
    // touched_at: the last progress; unfinished rows without progress are put into the queue again.
    // unshown_at: since when no product shows it; its files are removed some time later.
    await runner.query(`
      create table pictures (
        hash text primary key,
        type text not null,
        bytes integer not null,
        upload text,
        status text not null default 'waiting' check (status in ('waiting', 'working', 'ready', 'failed')),
        reason text,
        steps jsonb not null default '{}',
        shown jsonb,
        created_at timestamptz not null default now(),
        touched_at timestamptz not null default now(),
        unshown_at timestamptz
      )`);
    await runner.query(
      `create index pictures_unfinished on pictures (touched_at) where status in ('waiting', 'working')`,
    );
    await runner.query('create index pictures_unshown on pictures (unshown_at) where unshown_at is not null');
    await runner.query('create index pictures_uploaded on pictures (upload) where upload is not null');

    await runner.query(`
      create table images (
        id uuid primary key,
        product_id uuid not null references products,
        picture text not null references pictures,
        position integer not null,
        alt text,
        created_at timestamptz not null default now(),
        unique (product_id, picture)
      )`);
    await runner.query('create index images_by_picture on images (picture)');

    // The tags of a product's images, beside its own tags; lists search both at once.
    await runner.query(`alter table products add column picture_tags text[] not null default '{}'`);
    await runner.query('create index products_by_any_tag on products using gin ((tags || picture_tags))');
    await runner.query('drop index products_by_tag');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create index products_by_tag on products using gin (tags)');
    await runner.query('drop index products_by_any_tag');
    await runner.query('alter table products drop column picture_tags');
    await runner.query('drop table images, pictures');
  }
}
