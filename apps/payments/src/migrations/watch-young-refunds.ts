import type { MigrationInterface, QueryRunner } from 'typeorm';

const BATCH = 1000;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Refunds of the last 30 days may still fail. Their checks are spread over an hour, to limit the requests to the provider. */
export class WatchYoungRefunds1764600000204 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (let after: string | undefined = FIRST; after !== undefined;) {
      const [row]: { last: string | null }[] = await runner.query(
        `with young as (
           select id from refunds
           where id > $1 and status = 'refunded' and settled_at > now() - interval '30 days' order by id limit $2
         ), watched as (
           update refunds set next_check_at = now() + random() * interval '1 hour'
           from young where refunds.id = young.id and next_check_at is null
         )
         select max(id::text) as last from young`,
        [after, BATCH],
      );
      after = row?.last ?? undefined;
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('update refunds set next_check_at = null where next_check_at is not null');
  }
}
