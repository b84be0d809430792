// Compares the records of orders, catalog, payments and the payment providers: all of them once, or in rounds with the new and
// the unfinished orders and a part of the others.
import { listCharges, type Listing } from './provider-charges.ts';
import { connect, disconnect, underWay, type Databases, type Urls } from './facts.ts';
import { Findings, MAX_DISAGREEING, type Disagreeing } from './findings.ts';
import { disagreementsOf } from './rules.ts';
import {
  FIRST,
  idAt,
  LAST,
  openStreams,
  streamNames,
  timeOf,
  touchedBy,
  type StreamName,
  type Streams,
} from './streams.ts';

export interface ReconcileOptions {
  urls: Urls;
  /** A disagreement is checked again after this time, when work in progress has finished. */
  graceSeconds: number;
  /** Orders that are not final and refunds that are not done after this time are reported too. */
  stuckSeconds: number;
  /** The provider's charges of this many days are compared, with their refunds. */
  sinceDays: number;
  /** Rows read from each table at a time. */
  window?: number;
}

export interface Reconciliation {
  /** Number of orders compared, whichever databases have them. */
  orders: number;
  /** The providers' charges. */
  listing: Listing;
  /** One line each. */
  disagreements: string[];
}

/** The state that one round passes to the next. */
export interface Progress {
  /** Where the pass through all records resumes. */
  pass: { stream: (typeof passed)[number]; after: string; startedAt: string };
  /** When the last complete pass ended. */
  passedAt?: string;
  /** Older orders have been compared when they were new. */
  newUpTo: string;
  /** Unfinished orders, compared in every round until they are final. */
  underWay: string[];
  /** Compared in every round until they agree. */
  disagreeing: Disagreeing;
}

export interface Round extends Reconciliation {
  next: Progress;
  /** Start of the pass that this round completed. */
  passSince?: string;
}

/** The streams of a pass, in order. */
const passed = ['orders', 'accounts'] as const;

const WINDOW = 5000;
/** A row may appear this long after the time in its id: clocks differ, and transactions take a while. */
const OVERLAP_MS = 300_000;
const DAY_MS = 86_400_000;
/** Cap on unfinished orders read from each table; the pass finds the rest. */
const MAX_UNDER_WAY = 5000;

export function firstProgress(now = new Date()): Progress {
  return {
    pass: { stream: 'orders', after: FIRST, startedAt: now.toISOString() },
    newUpTo: new Date(now.getTime() - OVERLAP_MS).toISOString(),
    underWay: [],
    disagreeing: { orders: [], transactions: [], accounts: [] },
  };
}

export interface EverythingOptions {
  /** Compares orders and transactions with ids after this one. */
  from?: string;
  /** Stops after the current range. */
  end?: AbortSignal;
  progress?: (upTo: string, orders: number) => void;
}

/** Compares all records once. Memory holds one range, the ids that disagree, and the provider's charges. */
export async function reconcile(
  options: ReconcileOptions,
  { from = FIRST, end, progress }: EverythingOptions = {},
): Promise<Reconciliation & { stoppedAt?: string }> {
  return withDatabases(options, async ({ streams, list, now }) => {
    const listing = await list(daysBefore(now, options.sinceDays));
    const found = new Findings(streams);
    await found.check('orders', [...listing.charges.keys()]);
    let orders = 0;
    let stoppedAt: string | undefined;
    for await (const { after, upTo, ...range } of streams.orders.ranges(from, LAST)) {
      found.add('orders', range.findings);
      orders += range.orders;
      await found.compare('transactions', after, upTo);
      progress?.(upTo, orders);
      if (upTo === LAST || !(end?.aborted || found.size >= MAX_DISAGREEING)) continue;
      stoppedAt = upTo;
      break;
    }
    if (!stoppedAt) await found.compare('accounts', FIRST, LAST);
    const { lines } = await found.checkAgain(options.graceSeconds);
    return { orders, listing, disagreements: [...listing.missing, ...lines], ...(stoppedAt && { stoppedAt }) };
  });
}

/** Compares new orders, those that were unfinished or disagreed, and the next range of all. */
export async function reconcileRound(options: ReconcileOptions, last: Progress): Promise<Round> {
  return withDatabases(options, async ({ db, streams, list, now }) => {
    const newFrom = new Date(Math.min(Date.parse(last.newUpTo), now.getTime()) - OVERLAP_MS);
    const oldest = daysBefore(now, options.sinceDays);
    const { ranges, next } = await nextRanges(streams, last.pass);
    // The full list of charges is requested only when a comparison may need it.
    const disagreed = streamNames.some((name) => last.disagreeing[name].length > 0);
    const all = disagreed || ranges.some(({ name, upTo }) => name === 'orders' && timeOf(upTo) > oldest.getTime());
    const listing = await list(all ? oldest : newFrom);

    const found = new Findings(streams);
    let orders = 0;
    const soon = idAt(new Date(now.getTime() + DAY_MS));
    orders += await found.compare('orders', idAt(newFrom), soon);
    await found.compare('transactions', idAt(newFrom), soon, async (after, upTo) => {
      // Recent transactions may concern orders of any age.
      const touched = await touchedBy(db, after, upTo);
      await found.check('orders', touched.orders);
      await found.check('accounts', touched.customers);
    });
    const moving = await underWay(db, MAX_UNDER_WAY);
    const checked = [...new Set([...listing.charges.keys(), ...last.underWay, ...moving])];
    await found.check('orders', checked);
    orders += checked.length;
    for (const { name, after, upTo } of ranges) orders += await found.compare(name, after, upTo);
    for (const name of streamNames) found.suspect(name, last.disagreeing[name]);

    const { lines, disagreeing } = await found.checkAgain(options.graceSeconds);
    return {
      ...{ orders, listing, disagreements: [...listing.missing, ...lines] },
      ...(!next && { passSince: last.pass.startedAt }),
      next: {
        ...(next
          ? { pass: { ...next, startedAt: last.pass.startedAt }, passedAt: last.passedAt }
          : { pass: firstProgress(now).pass, passedAt: now.toISOString() }),
        newUpTo: now.toISOString(),
        underWay: [...new Set(moving)],
        disagreeing,
      },
    };
  });
}

/** The next range of orders with their transactions, or of accounts after all orders. `next` is where the pass resumes. */
async function nextRanges(streams: Streams, { stream, after }: Progress['pass']) {
  const ranges: { name: StreamName; after: string; upTo: string }[] = [];
  let from = after;
  for (const name of passed.slice(passed.indexOf(stream))) {
    const upTo = await streams[name].endOf(from);
    ranges.push({ name, after: from, upTo });
    if (name === 'orders') ranges.push({ name: 'transactions', after: from, upTo });
    if (upTo !== LAST) return { ranges, next: { stream: name, after: upTo } };
    from = FIRST;
  }
  return { ranges, next: undefined };
}

interface Opened {
  db: Databases;
  streams: Streams;
  /** Asks the providers for their charges, which later comparisons use. */
  list(from: Date): Promise<Listing>;
  now: Date;
}

async function withDatabases<T>(options: ReconcileOptions, work: (opened: Opened) => Promise<T>): Promise<T> {
  const { urls, stuckSeconds, window = WINDOW } = options;
  const db = await connect(urls);
  try {
    const now = await clock(db);
    let listing: Listing;
    const streams = openStreams(db, window, (facts) => disagreementsOf(facts, listing, stuckSeconds));
    const list = async (from: Date) => (listing = await listCharges(urls.payments, from, await clock(db)));
    return await work({ db, streams, list, now });
  } finally {
    await disconnect(db);
  }
}

/** The time of payments' database, whose times are compared with the listing. */
async function clock(db: Databases): Promise<Date> {
  return (await db.payments.query<{ now: Date }>('select now()')).rows[0]!.now;
}

function daysBefore(time: Date, days: number): Date {
  return new Date(time.getTime() - days * DAY_MS);
}
