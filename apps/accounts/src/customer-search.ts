// Finds customers by the beginning of their e-mail address or name, at a cost that does not grow with their number.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { MAX_FOUND_CUSTOMERS } from '@shop/contracts/limits';
import { sql } from '@shop/kit/database';
import { DataSource } from 'typeorm';

/** Each expression has an index in the migrations. */
const searched = {
  email: 'lower(email) collate "C"',
  name: 'lower(name) collate "C"',
  lastName: `lower(substring(name from '[^ ]+$')) collate "C"`,
};

/** In the collation C all texts with a given prefix sort before that prefix followed by the highest character. */
const HIGHEST = '\u{10ffff}';

/** Each part is limited in index order, so that a prefix shared by thousands costs no more. */
const FIND = Object.values(searched)
  .map(
    (text) => `(select id from customers where ${text} >= lower($1) and ${text} < lower($1) || $2
                order by ${text}, id desc limit ${MAX_FOUND_CUSTOMERS})`,
  )
  .join(' union all ');

export function statementFor(q: string): { text: string; values: string[] } {
  return { text: FIND, values: [q.trim().replace(/\s+/g, ' '), HIGHEST] };
}

@Injectable()
export class CustomerSearch {
  constructor(@InjectDataSource('accounts') private readonly db: DataSource) {}

  async find(q: string): Promise<string[]> {
    const { text, values } = statementFor(q);
    const rows = await sql<{ id: string }>(this.db, text, values);
    return [...new Set(rows.map(({ id }) => id))].slice(0, MAX_FOUND_CUSTOMERS);
  }
}
