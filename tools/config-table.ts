// npm run docs:config: writes the table of all variables into the README, out of the schemas the services really read.
import { readFileSync, writeFileSync } from 'node:fs';
import { accountsConfig } from '@shop/accounts/accounts.config';
import { catalogConfig } from '@shop/catalog/catalog.config';
import { gatewayConfig } from '@shop/gateway/gateway.config';
import type { ConfigDefinition } from '@shop/kit/config';
import { kitConfig } from '@shop/kit/kit.config';
import { ordersConfig } from '@shop/orders/orders.config';
import { paymentsConfig } from '@shop/payments/payments.config';
import { z } from 'zod';

const readme = new URL('../README.md', import.meta.url);
const begin = '<!-- configuration: begin (npm run docs:config) -->';
const end = '<!-- configuration: end -->';

const readers: Record<string, ConfigDefinition> = {
  'every service': kitConfig,
  gateway: gatewayConfig,
  accounts: accountsConfig,
  catalog: catalogConfig,
  orders: ordersConfig,
  payments: paymentsConfig,
};

/** The README as it is, and as it should be. */
export function documented(): { current: string; wanted: string } {
  const current = readFileSync(readme, 'utf8');
  const [before, rest] = current.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md needs the lines ${begin} and ${end}`);
  return { current, wanted: `${before}${begin}\n\n${table()}\n\n${end}${after}` };
}

function table(): string {
  const rows = Object.entries(readers).flatMap(([reader, { shape }]) =>
    Object.entries(shape).map(([name, schema]) => [`\`${name}\``, defaultOf(schema), reader, meaningOf(schema)]),
  );
  // A variable that several services read is one row.
  const merged = new Map<string, string[]>();
  for (const row of rows) {
    const known = merged.get(row[0]!);
    merged.set(row[0]!, known ? [known[0]!, known[1]!, `${known[2]}, ${row[2]}`, `${known[3]}; ${row[3]}`] : row);
  }
  return [['Variable', 'Default', 'Read by', 'Meaning'], ['---', '---', '---', '---'], ...merged.values()]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function defaultOf(schema: z.core.$ZodType): string {
  const result = z.safeParse(schema, undefined);
  return result.success && result.data !== undefined ? `\`${String(result.data)}\`` : '';
}

function meaningOf(schema: z.core.$ZodType): string {
  const { description } = z.globalRegistry.get(schema) ?? {};
  const options = optionsOf(schema);
  return [description, options && `One of ${options.map((option) => `\`${option}\``).join(', ')}`]
    .filter(Boolean)
    .join('. ');
}

function optionsOf(schema: z.core.$ZodType): readonly string[] | undefined {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json.enum as string[] | undefined;
}

if (import.meta.main) writeFileSync(readme, documented().wanted);
