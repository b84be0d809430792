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

/** What the providers say they charged for orders between two moments; both are times of payments' database. */
export interface Listing {
  /** Those that were asked. */
  providers: string[];
  /** Those that took charges and cannot be asked, a line each. */
  missing: string[];
  from: Date;
  to: Date;
  /** By order; more than one is one too many. */
  charges: Map<string, ProviderCharge[]>;
}

export const listChargesScript = join(root, 'apps', 'payments', 'dist', 'list-charges.js');

/** All of it is kept in memory, some 300 bytes a charge. A configured provider that cannot be asked is a Failure. */
export async function listCharges(paymentsUrl: string, from: Date, to: Date): Promise<Listing> {
  const env = { ...process.env, PAYMENTS_DATABASE_URL: paymentsUrl };
  // Detached: a Ctrl-C in the terminal is for this process, which ends after the comparison that is under way.
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
  if ((await ended) !== 0) throw new Failure(`The payment provider does not say what it charged: ${await problem}`);
  return listing;
}

export function chargeCount({ charges }: Listing): number {
  return [...charges.values()].reduce((sum, { length }) => sum + length, 0);
}

/** In words. */
export function chargesIn(listing: Listing): string {
  const since = listing.from.toISOString().slice(0, 16);
  return `${chargeCount(listing)} charges of ${listing.providers.join(' and ')} since ${since}Z`;
}
