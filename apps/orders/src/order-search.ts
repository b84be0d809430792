// Finds orders by a text, newest first, in time that does not grow with the table.
import type { OrderStatus } from '@shop/contracts/orders';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';

export interface OrderSearch {
  /** What is looked for is this number of an order, and else a name and customers. */
  number: string | undefined;
  name: string;
  customerIds: string[];
  status: OrderStatus | undefined;
  /** Only older orders than this one. */
  before: string | undefined;
  limit: number;
}

/** As many orders by name are considered: the first in the order of the index, of one name the newest. */
const MAX_BY_NAME = 1000;
/** As many orders of customers are considered, shared evenly: of each the newest. */
const MAX_OF_CUSTOMERS = 5000;

/** In the collation C a text that begins with another comes before that one followed by the highest character there is. */
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

/** $4 name, $5 HIGHEST, $6 customers, $7 how many orders of each are considered. */
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

/** Ids of a page. */
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
