// The table of all environment variables, from the schemas that the services read them with.
import { accountsConfig } from '@shop/accounts/accounts.config';
import { catalogConfig } from '@shop/catalog/catalog.config';
import { gatewayConfig } from '@shop/gateway/gateway.config';
import { imageWorkerConfig } from '@shop/image-worker/image-worker.config';
import type { ConfigDefinition } from '@shop/kit/config';
import { kitConfig } from '@shop/kit/kit.config';
import { ordersConfig } from '@shop/orders/orders.config';
import { paymentsConfig } from '@shop/payments/payments.config';
import { z } from 'zod';

const readers: Record<string, ConfigDefinition> = {
  'every service': kitConfig,
  gateway: gatewayConfig,
  accounts: accountsConfig,
  catalog: catalogConfig,
  orders: ordersConfig,
  payments: paymentsConfig,
  'image-worker': imageWorkerConfig,
};

/** A Markdown table, one row per variable. */
export function configurationTable(): string {
  // A variable that several services read is one row.
  const rows = new Map<string, { schema: z.core.$ZodType; readBy: string[]; meanings: string[] }>();
  for (const [reader, { shape }] of Object.entries(readers)) {
    for (const [name, schema] of Object.entries(shape)) {
      const row = rows.get(name) ?? { schema, readBy: [], meanings: [] };
      row.readBy.push(reader);
      row.meanings.push(z.globalRegistry.get(schema)?.description ?? '');
      rows.set(name, row);
    }
  }
  const cells = [...rows].map(([name, { schema, readBy, meanings }]) => [
    `\`${name}\``,
    defaultOf(schema),
    readBy.join(', '),
    [...new Set(meanings), optionsOf(schema)].filter(Boolean).join('. '),
  ]);
  return [['Variable', 'Default', 'Read by', 'Meaning'], ['---', '---', '---', '---'], ...cells]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

function defaultOf(schema: z.core.$ZodType): string {
  const result = z.safeParse(schema, undefined);
  return result.success && result.data !== undefined ? `\`${String(result.data)}\`` : '';
}

function optionsOf(schema: z.core.$ZodType): string {
  const { enum: options } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return options ? `One of ${options.map((option) => `\`${String(option)}\``).join(', ')}` : '';
}
