// Finds customers by the beginning of their e-mail address or name, in time that does not grow with their number.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { MAX_FOUND_CUSTOMERS } from '@shop/contracts/limits';
import { sql } from '@shop/kit/database';
import { DataSource } from 'typeorm';

/** Each has an index, see the migrations, which say the same expressions. */
const searched = {
  email: 'lower(email) collate "C"',
  name: 'lower(name) collate "C"',
  lastName: `lower(substring(name from '[^ ]+$')) collate "C"`,
};

/** In the collation C a text that begins with another comes before that one followed by the highest character there is. */
const HIGHEST = '\u{10ffff}';

/** Of each kind only the first in the order of its index: a beginning that thousands share is read no further. */
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
