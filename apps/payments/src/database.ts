// The tables of payments, as the migrations that make them.
import { CreatePayments1763769600001 } from './migrations/1763769600001-create-payments.js';
import { CreateLedger1763769600002 } from './migrations/1763769600002-create-ledger.js';
import { CreateRefunds1763769600004 } from './migrations/1763769600004-create-refunds.js';
import { PruneProviderEvents1763769600006 } from './migrations/1763769600006-prune-provider-events.js';
import { RememberProvider1764600000200 } from './migrations/1764600000200-remember-provider.js';
import { WatchRefunds1764600000201 } from './migrations/1764600000201-watch-refunds.js';
import { IndexDueRefunds1764600000202 } from './migrations/1764600000202-index-due-refunds.js';
import { WatchYoungRefunds1764600000204 } from './migrations/1764600000204-watch-young-refunds.js';
import { IndexDuePayments1764600000205 } from './migrations/1764600000205-index-due-payments.js';
import { IndexFakeCharges1764600000206 } from './migrations/1764600000206-index-fake-charges.js';

export const migrations = [
  CreatePayments1763769600001,
  CreateLedger1763769600002,
  CreateRefunds1763769600004,
  PruneProviderEvents1763769600006,
  RememberProvider1764600000200,
  WatchRefunds1764600000201,
  IndexDueRefunds1764600000202,
  WatchYoungRefunds1764600000204,
  IndexDuePayments1764600000205,
  IndexFakeCharges1764600000206,
];
