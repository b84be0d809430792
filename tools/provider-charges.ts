// Asks the payment provider what it has charged, as payments would: with payments' own code and variables.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { root } from './data-dir.ts';
import { Failure } from './terminal.ts';

export interface ProviderCharge {
  orderId: string;
  chargeId: string;
  amountCents: number;
  refundedCents: number;
}

/** What a provider says it charged for orders between two moments; both are times of payments' database. */
export interface Listing {
  provider: string;
  from: Date;
  to: Date;
  /** By order; more than one is one too many. */
  charges: Map<string, ProviderCharge[]>;
}

export const listChargesScript = join(root, 'apps', 'payments', 'dist', 'list-charges.js');

/** All of it is kept in memory, some 300 bytes a charge. A provider that cannot be asked is a Failure. */
export async function listCharges(paymentsUrl: string, from: Date, to: Date): Promise<Listing> {
  const env = { ...process.env, PAYMENTS_DATABASE_URL: paymentsUrl };
  const child = spawn(process.execPath, [listChargesScript, from.toISOString()], { env });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const problem = text(child.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  const charges = new Map<string, ProviderCharge[]>();
  for await (const line of lines) {
    const charge = JSON.parse(line) as ProviderCharge;
    charges.set(charge.orderId, [...(charges.get(charge.orderId) ?? []), charge]);
  }
  if ((await ended) !== 0) throw new Failure(`The payment provider does not say what it charged: ${await problem}`);
  return { provider: JSON.parse(first.value as string) as string, from, to, charges };
}
