// node dist/list-charges.js <since>: prints all charges of the payment providers since then, for npm run reconcile. Each line is
// a JSON value: a provider, then its charges. A provider that made charges but is not configured is printed with its missing
// settings.
import { PaymentProviderName } from '@shop/contracts/payments';
import { readConfigs } from '@shop/kit/config';
import { processEnv } from '@shop/kit/kit.config';
import { DataSource } from 'typeorm';
import { providerAccount } from './ledger.js';
import { missingSettings, paymentsConfig, type PaymentsConfig } from './payments.config.js';
import type { PaymentProvider } from './providers/provider.js';
import { Providers } from './providers/providers.js';

async function listCharges(since: Date): Promise<void> {
  const config = readConfigs([paymentsConfig], processEnv).get(paymentsConfig.token) as PaymentsConfig;
  const db = new DataSource({ type: 'postgres', url: config.PAYMENTS_DATABASE_URL });
  await db.initialize();
  try {
    const providers = new Providers(db, config);
    for (const name of PaymentProviderName.options) {
      const missing = missingSettings(config, name);
      if (missing.length === 0) await listOf(await providers.of(name), since, name === providers.current);
      else if (await hasCharges(db, name, since)) print({ provider: name, missing });
    }
  } finally {
    await db.destroy();
  }
}

/** A provider that takes no new charges is printed only if it has charges. */
async function listOf(provider: PaymentProvider, since: Date, inUse: boolean): Promise<void> {
  let named = inUse;
  if (named) print({ provider: provider.name });
  for await (const charge of provider.list(since)) {
    if (!named) print({ provider: provider.name });
    named = true;
    print(charge);
  }
}

const print = (value: object) => console.log(JSON.stringify(value));

/** According to the books. The id of a ledger transaction begins with its time, so one row decides. */
async function hasCharges(db: DataSource, provider: string, since: Date): Promise<boolean> {
  const time = since.getTime().toString(16).padStart(12, '0');
  const oldest = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
  const newer = await db.query<unknown[]>(
    'select from ledger_entries where account = $1 and transaction_id >= $2 limit 1',
    [providerAccount(provider), oldest],
  );
  return newer.length > 0;
}

try {
  const since = new Date(process.argv[2] ?? '');
  if (Number.isNaN(since.getTime())) throw new Error('Usage: list-charges <since, in ISO 8601>');
  await listCharges(since);
} catch (error) {
  console.error(error instanceof Error ? error.message || error : error);
  process.exitCode = 1;
}
