// A migration that only creates indexes, beside live traffic.
import type { Type } from '@nestjs/common';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `name` ends with a timestamp in milliseconds; databases record it, so it never changes. `indexes` has the names of the indexes,
 * and what follows `on` in their definitions.
 */
export function indexMigration(name: string, indexes: Record<string, string>): Type<MigrationInterface> {
  return class implements MigrationInterface {
    readonly name = name;
    readonly transaction = false;

    async up(runner: QueryRunner): Promise<void> {
      for (const [index, definition] of Object.entries(indexes))
        await runner.query(`create index concurrently if not exists ${index} on ${definition}`);
    }

    async down(runner: QueryRunner): Promise<void> {
      for (const index of Object.keys(indexes).reverse())
        await runner.query(`drop index concurrently if exists ${index}`);
    }
  };
}
