// The version after this one, whose orders table has one more column.
import { run } from '@shop/tools/processes';

const migration = `class AddRemark1999999999999 {
  name = 'AddRemark1999999999999';
  async up(runner) { await runner.query("alter table orders add column remark text not null default ''"); }
  async down(runner) { await runner.query('alter table orders drop column remark'); }
}
`;

const script = `
  const fs = require('node:fs');
  const known = /migrations = \\[(?=\\s*CreateOrders)/;
  const read = (file) => fs.readFileSync(file, 'utf8');
  const file = fs.readdirSync('chunks').map((name) => 'chunks/' + name).find((name) => known.test(read(name)));
  fs.writeFileSync(file, ${JSON.stringify(migration)} + read(file).replace(known, 'migrations = [AddRemark1999999999999, '));
`;

/** A psql command that lists the columns of the orders table. */
export const columnsOfOrders = [
  ...['psql', '-U', 'postgres', '-d', 'orders', '-Atc'],
  `select string_agg(column_name, ' ') from information_schema.columns where table_name = 'orders'`,
];

/** Builds the next version from an image of this version. */
export async function buildNextVersion(image: string, next: string): Promise<void> {
  const dockerfile = `
FROM ${image}
USER 0
RUN ["node", "-e", ${JSON.stringify(script)}]
USER 1000:1000
`;
  const { code, output } = await run(['docker', 'build', '-t', next, '-'], { input: dockerfile });
  if (code !== 0) throw new Error(output);
}
