import { batches } from '@shop/kit/migrations';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const LIVE = 'cart_version is not null and reason is null and withdrawn_at is null';

/**
 * One order per cart, among those that are neither rejected nor cancelled. The predicate uses `reason`, which only rejected
 * orders have, instead of `status`, which changes twice in the life of a paid order: a change of an indexed column is written to
 * every index.
 */
export class IndexOrdersOfCarts1764600000102 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // When a cart was ordered twice, the later orders lose their reference to the cart. The version before may add more of them, so
    // an index build that fails on one is repeated.
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
