// node dist/list-charges.js <since>: what the configured provider has charged since then, for npm run reconcile. One JSON
// value a line: the provider's name, then its charges.
import { readConfigs } from '@shop/kit/config';
import { processEnv } from '@shop/kit/kit.config';
import { DataSource } from 'typeorm';
import { chooseProvider } from './choose-provider.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';

async function listCharges(since: Date): Promise<void> {
  const config = readConfigs([paymentsConfig], processEnv).get(paymentsConfig.token) as PaymentsConfig;
  const dataSource = new DataSource({ type: 'postgres', url: config.PAYMENTS_DATABASE_URL });
  await dataSource.initialize();
  try {
    const provider = await chooseProvider(config, dataSource);
    console.log(JSON.stringify(provider.name));
    for await (const charge of provider.list(since)) console.log(JSON.stringify(charge));
  } finally {
    await dataSource.destroy();
  }
}

try {
  const since = new Date(process.argv[2] ?? '');
  if (Number.isNaN(since.getTime())) throw new Error('Usage: list-charges <since, in ISO 8601>');
  await listCharges(since);
} catch (error) {
  console.error(error instanceof Error ? error.message || error : error);
  process.exitCode = 1;
}
