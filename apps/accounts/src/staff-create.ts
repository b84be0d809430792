// node dist/staff-create.js <email>: creates a member of staff. The password is read from standard input.
import { text } from 'node:stream/consumers';
import { Email, Password } from '@shop/contracts/accounts';
import { readConfigs } from '@shop/kit/config';
import { processEnv } from '@shop/kit/kit.config';
import { migrateFromCommandLine } from '@shop/kit/migrations';
import { AppError } from '@shop/rpc/errors';
import { DataSource } from 'typeorm';
import * as z from 'zod';
import { accountsConfig, type AccountsConfig } from './accounts.config.js';
import { AccountsService } from './accounts.service.js';
import { CustomerEntity } from './customer.entity.js';
import { entities, migrations } from './database.js';

const Staff = z.object({ email: Email, password: Password });

async function createStaff(email: string | undefined): Promise<string> {
  if (!email) throw new Error('Usage: staff-create <email>, with the password on standard input.');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  const staff = Staff.safeParse({ email, password });
  if (!staff.success)
    throw new Error(staff.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));

  const config = readConfigs([accountsConfig], processEnv).get(accountsConfig.token) as AccountsConfig;
  const url = config.ACCOUNTS_DATABASE_URL;
  await migrateFromCommandLine({ url, entities, migrations });
  const db = new DataSource({ type: 'postgres', url, entities });
  await db.initialize();
  try {
    const accounts = new AccountsService(db, db.getRepository(CustomerEntity));
    const name = email.slice(0, email.indexOf('@'));
    const created = await accounts.create({ ...staff.data, name }, 'staff');
    return `${created.email} is a member of staff now.`;
  } finally {
    await db.destroy();
  }
}

try {
  console.log(await createStaff(process.argv[2]));
} catch (error) {
  const taken = error instanceof AppError && error.code === 'email_taken';
  console.error(
    taken
      ? `${process.argv[2]} has an account already; nothing was changed.`
      : String(error instanceof Error ? error.message || error : error),
  );
  process.exitCode = 1;
}
