// Finds orders by number, name or customer, newest first. Its cost does not grow with the table.
import type { OrderStatus } from '@shop/contracts/orders';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';

export interface OrderSearch {
  /** With a number only it is searched for, and no name or customer. */
  number: string | undefined;
  name: string;
  customerIds: string[];
  status: OrderStatus | undefined;
  /** Limits the result to orders older than this one. */
  before: string | undefined;
  limit: number;
}

/** Limit of orders considered by name: the first ones in index order, where the newest of a name come first. */
const MAX_BY_NAME = 1000;
/** Limit of orders considered by customer, shared evenly among the customers: the newest of each. */
const MAX_OF_CUSTOMERS = 5000;

/** In the collation C all texts with a given prefix sort before that prefix followed by the highest character. */
const HIGHEST = '\u{10ffff}';
const NEWEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** $1 before, $2 status, $3 limit. */
const LISTED = 'id < $1 and ($2::text is null or status = $2) and already_ordered_as is null';

const BY_NUMBER = `select id from orders where right(id::text, 8) = $4 and ${LISTED} order by id desc limit $3`;

const byName = (name: string) => `
  select id from (
    select id, status, already_ordered_as from orders
    where shipping_address is not null and ${name} >= lower($4) and ${name} < lower($4) || $5
    order by ${name}, id desc limit ${MAX_BY_NAME}
  ) named where ${LISTED}`;

/** $4 name, $5 HIGHEST, $6 customers, $7 limit of orders considered per customer. */
const BY_NAME = `
  select id from (
    ${byName(`lower(shipping_address->>'name') collate "C"`)}
    union ${byName(`lower(substring(shipping_address->>'name' from '[^ ]+$')) collate "C"`)}
    union select own.id from unnest($6::uuid[]) as customer (id) cross join lateral (
      select id from (
        select id, status, already_ordered_as from orders
        where customer_id = customer.id and id < $1 order by id desc limit $7
      ) newest where ${LISTED} order by id desc limit $3
    ) own
  ) found order by id desc limit $3`;

/** The ids of a page. */
export async function findOrders(db: DataSource, search: OrderSearch): Promise<string[]> {
  const { text, values } = statementFor(search);
  return (await sql<{ id: string }>(db, text, values)).map(({ id }) => id);
}

export function statementFor(search: OrderSearch): { text: string; values: unknown[] } {
  const { number, name, customerIds, status = null, before = NEWEST, limit } = search;
  const page = [before, status, limit];
  if (number !== undefined) return { text: BY_NUMBER, values: [...page, number] };
  const each = Math.ceil(MAX_OF_CUSTOMERS / Math.max(1, customerIds.length));
  return { text: BY_NAME, values: [...page, name.trim().replace(/\s+/g, ' '), HIGHEST, customerIds, each] };
}
