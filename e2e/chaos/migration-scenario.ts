// Migrations of the orders table while orders are placed and a lock like that of pg_dump is held.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fillInBatches, migrate } from '@shop/kit/migrations';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { registered } from './races.js';
import type { Shopper } from '../shopper.js';
import type { Shop } from '../shop.js';

type Work = (runner: QueryRunner) => Promise<unknown>;
type MigrationClass = new () => MigrationInterface;

let timestamp = 1_900_000_000_000;
function migration(work: Work | string, transaction?: boolean): MigrationClass {
  const name = `Trial${timestamp++}`;
  return class {
    readonly name = name;
    readonly transaction = transaction;
    async up(runner: QueryRunner): Promise<void> {
      await (typeof work === 'string' ? runner.query(work) : work(runner));
    }
    down = () => Promise.resolve();
  };
}

/** In this order; some depend on the ones before. */
export const kinds: { name: string; migrations: MigrationClass[] }[] = [
  {
    name: 'add a column',
    migrations: [
      migration(`alter table orders add column remark text not null default 'none', add column rank integer`),
    ],
  },
  {
    name: 'build an index',
    migrations: [
      migration('create index concurrently if not exists trial_by_total on orders (total_cents, id)', false),
    ],
  },
  {
    name: 'build a unique index',
    migrations: [
      migration('create unique index concurrently if not exists trial_key on orders (idempotency_key, id)', false),
    ],
  },
  {
    name: 'add a constraint and validate it',
    migrations: [
      migration('alter table orders add constraint trial_remark check (length(remark) > 0) not valid'),
      migration('alter table orders validate constraint trial_remark'),
    ],
  },
  {
    name: 'fill a column in batches',
    migrations: [
      migration(
        (runner) =>
          fillInBatches(runner, { table: 'orders', key: 'id', set: 'rank = 1', where: 'rank is null', size: 2000 }),
        false,
      ),
    ],
  },
  { name: 'drop an index', migrations: [migration('drop index concurrently if exists trial_by_total', false)] },
  { name: 'drop a column', migrations: [migration('alter table orders drop column remark')] },
];

/** The plain statements, without the rules of libs/kit/migrations.md. */
export const formerKinds: { name: string; statement: string }[] = [
  { name: 'add a column', statement: 'alter table orders add column former integer' },
  { name: 'build an index', statement: 'create index trial_former on orders (total_cents, id)' },
];

export interface Outcome {
  orders: number;
  failed: number;
  slowestMs: number;
  /** Duration of the migration. */
  ms: number;
}

export class MigrationScenario {
  private constructor(
    private readonly shop: Shop,
    private readonly buyers: Shopper[],
    private readonly productId: string,
  ) {}

  /** With `rows` orders of other customers in the table. */
  static async of(shop: Shop, rows: number): Promise<MigrationScenario> {
    await shop.databases.orders.query(
      `insert into orders (id, customer_id, idempotency_key, body_hash, status, requested, lines, total_cents, payment, currency)
       select gen_random_uuid(), gen_random_uuid(), 'trial ' || n, md5(n::text), 'paid', '[]', '[]', n % 10000,
         '{"method":"card","token":"tok_ok"}', 'EUR'
       from generate_series(1, $1::integer) n`,
      [rows],
    );
    await shop.databases.orders.query('analyze orders');
    return new MigrationScenario(shop, await registered(shop, 6), await shop.newProduct(1_000_000));
  }

  async run(migrations: MigrationClass[], dumpMs: number): Promise<Outcome> {
    const log = { info: () => undefined, warn: () => undefined };
    return this.during(dumpMs, () => migrate({ url: this.shop.databases.orders.url, migrations }, log));
  }

  async runAsBefore(statement: string, dumpMs: number): Promise<Outcome> {
    return this.during(dumpMs, async () => {
      const client = await this.connect();
      await client.query(statement);
      await client.end();
    });
  }

  /** Places orders before, during and after `work`; for the first `dumpMs` a dump locks the table. */
  private async during(dumpMs: number, work: () => Promise<void>): Promise<Outcome> {
    const took: number[] = [];
    let failed = 0;
    let going = true;
    const buy = async (buyer: Shopper) => {
      while (going) {
        const startedAt = performance.now();
        const body = {
          lines: [{ productId: this.productId, quantity: 1 }],
          payment: { method: 'card', token: 'tok_ok' },
        };
        const status = await buyer.order(body, randomUUID()).then(
          (answer) => answer.status,
          () => 0,
        );
        took.push(performance.now() - startedAt);
        if (status !== 202) failed += 1;
        await sleep(50);
      }
    };
    const buying = Promise.all(this.buyers.map(buy));
    const dump = await this.startDump(dumpMs);
    await sleep(500);
    const startedAt = performance.now();
    await work();
    const ms = performance.now() - startedAt;
    await dump.ended;
    await sleep(500);
    going = false;
    await buying;
    return { orders: took.length, failed, slowestMs: Math.max(...took), ms };
  }

  private async startDump(ms: number): Promise<{ ended: Promise<void> }> {
    if (ms === 0) return { ended: Promise.resolve() };
    const dump = await this.connect();
    await dump.query('begin isolation level repeatable read');
    await dump.query('lock table orders in access share mode');
    await dump.query('select from orders limit 1');
    return { ended: sleep(ms).then(() => dump.end()) };
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.shop.databases.orders.url });
    await client.connect();
    return client;
  }
}
