// Lists the payment provider's charges, with the code and the variables of payments.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { root } from '../data-dir.ts';
import { Failure } from '../terminal.ts';

export interface ProviderCharge {
  orderId: string;
  chargeId: string;
  amountCents: number;
  refundedCents: number;
}

/** The providers' charges for orders between two times, both by the clock of payments' database. */
export interface Listing {
  /** The providers that were asked. */
  providers: string[];
  /** A line for each provider that has charges and is not configured. */
  missing: string[];
  from: Date;
  to: Date;
  /** By order. A second charge of an order is a disagreement. */
  charges: Map<string, ProviderCharge[]>;
}

export const listChargesScript = join(root, 'apps', 'payments', 'dist', 'list-charges.js');

/** The list is kept in memory, about 300 bytes per charge. Fails when a configured provider does not answer. */
export async function listCharges(paymentsUrl: string, from: Date, to: Date): Promise<Listing> {
  const env = { ...process.env, PAYMENTS_DATABASE_URL: paymentsUrl };
  // Detached, because Ctrl-C in the terminal must not interrupt the current comparison.
  const child = spawn(process.execPath, [listChargesScript, from.toISOString()], { env, detached: true });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const problem = text(child.stderr);
  const listing: Listing = { providers: [], missing: [], from, to, charges: new Map() };
  for await (const line of createInterface({ input: child.stdout })) {
    const value = JSON.parse(line) as { provider: string; missing?: string[] } | ProviderCharge;
    if ('orderId' in value) {
      listing.charges.set(value.orderId, [...(listing.charges.get(value.orderId) ?? []), value]);
    } else if (value.missing) {
      const { provider, missing } = value;
      listing.missing.push(`charges of ${provider} are not compared: ${missing.join(' and ')} is missing`);
    } else {
      listing.providers.push(value.provider);
    }
  }
  if ((await ended) !== 0) throw new Failure(`The payment provider does not list its charges: ${await problem}`);
  return listing;
}

export function chargeCount({ charges }: Listing): number {
  return [...charges.values()].reduce((sum, { length }) => sum + length, 0);
}

export function chargesIn(listing: Listing): string {
  const since = listing.from.toISOString().slice(0, 16);
  return `${chargeCount(listing)} charges of ${listing.providers.join(' and ')} since ${since}Z`;
}
