import { batches } from '@shop/kit/migrations';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const LIVE = 'cart_version is not null and reason is null and withdrawn_at is null';

/**
 * One order per cart, among those that are neither rejected nor withdrawn. The predicate reads `reason`, which
 * rejected orders alone have, and not `status`: that changes twice in a paid order's life, and each change of a column
 * that an index reads is written to every index.
 */
export class IndexOrdersOfCarts1764600000102 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // Carts that were ordered twice before this rule: the later orders keep what they are, but name no cart any more. The
    // version before this one may be adding some, so an index that failed on one is begun anew.
    for (let tries = 1; ; tries += 1) {
      await batches(
        runner,
        `update orders set cart_version = null where id in (
          select id from (
            select id, row_number() over (partition by customer_id, cart_version order by id) as nth
            from orders where ${LIVE}
          ) numbered
          where nth > 1 limit 1000)`,
      );
      try {
        await runner.query(
          `create unique index concurrently if not exists orders_of_cart on orders (customer_id, cart_version) where ${LIVE}`,
        );
        return;
      } catch (error) {
        if (tries === 5 || !isDuplicate(error)) throw error;
        await runner.query('drop index concurrently if exists orders_of_cart');
      }
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists orders_of_cart');
  }
}

function isDuplicate(error: unknown): boolean {
  const { code, driverError } = error as { code?: string; driverError?: { code?: string } };
  return (driverError?.code ?? code) === '23505';
}
