// The tables of payments, as the migrations that create them.
import { indexMigration } from '@shop/kit/index-migration';
import { CreateLedger1763769600002 } from './migrations/create-ledger.js';
import { CreatePayments1763769600001 } from './migrations/create-payments.js';
import { CreateRefunds1763769600004 } from './migrations/create-refunds.js';
import { PruneProviderEvents1763769600006 } from './migrations/prune-provider-events.js';
import { RememberProvider1764600000200 } from './migrations/remember-provider.js';
import { WatchRefunds1764600000201 } from './migrations/watch-refunds.js';
import { WatchYoungRefunds1764600000204 } from './migrations/watch-young-refunds.js';

export const migrations = [
  CreatePayments1763769600001,
  CreateLedger1763769600002,
  CreateRefunds1763769600004,
  PruneProviderEvents1763769600006,
  RememberProvider1764600000200,
  WatchRefunds1764600000201,
  // Refunds with work to do, now or later: `least` ignores nulls.
  indexMigration('IndexDueRefunds1764600000202', {
    refunds_due:
      'refunds (least(next_attempt_at, next_check_at)) where least(next_attempt_at, next_check_at) is not null',
  }),
  WatchYoungRefunds1764600000204,
  // By share, so that the sweep of one share does not read the backlog of another.
  indexMigration('IndexDuePayments1764600000205', {
    payments_due: `payments (coalesce(provider, 'credit'), next_attempt_at) where next_attempt_at is not null`,
  }),
  // Reconcile asks the fake provider for its newest charges every minute.
  indexMigration('IndexFakeCharges1764600000206', {
    fake_charges_by_time: 'fake_charges (created_at)',
    fake_refunds_of_charge: 'fake_refunds (charge_key)',
  }),
];
