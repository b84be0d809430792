// Detects images that crash their workers, and speeds up queries over all images.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CountAttempts implements MigrationInterface {
  readonly name = 'CountAttempts1763800000004';

  async up(runner: QueryRunner): Promise<void> {
    // attempts: workers that began after the last finished step and have not reported an end.
    await runner.query(`alter table pictures add column attempts uuid[] not null default '{}'`);

    // In the order in which images are put into the queue again.
    await runner.query(
      `create index pictures_left on pictures ((shown is not null), touched_at)
       where status in ('waiting', 'working') and unshown_at is null`,
    );
    await runner.query('drop index pictures_unfinished');
    await runner.query('create index pictures_by_status on pictures (status) where unshown_at is null');

    // Shared images of the demo shop may have been marked as unshown.
    await runner.query(
      `update pictures set unshown_at = null
       where unshown_at is not null and exists (select from images where picture = hash)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index pictures_by_status');
    await runner.query(
      `create index pictures_unfinished on pictures (touched_at) where status in ('waiting', 'working')`,
    );
    await runner.query('drop index pictures_left');
    await runner.query('alter table pictures drop column attempts');
  }
}
