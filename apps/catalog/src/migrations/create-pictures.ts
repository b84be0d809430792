// Pictures, by the hash of their bytes, and the images of products that show them. See ../images.service.ts.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePictures implements MigrationInterface {
  readonly name = 'CreatePictures1763800000003';

  async up(runner: QueryRunner): Promise<void> {
    // upload: where the original still lies, until it was moved to its own place.
    // steps: the tick list, { <step>: { doneAt, result } }. shown: the results of the last time that all were done.
    // touched_at: when anything last happened; what is not done and untouched for long is put into the queue again.
    // unshown_at: since when no image shows it; its files are removed some time after that.
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

    // What the pictures of a product were tagged with, beside its own tags; lists look for both at once.
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
