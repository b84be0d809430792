// Compares what orders, catalog, payments and the payment providers have written down about the same orders: all of it from
// one end to the other, or in rounds of what is new, what is under way, and a part of everything else.
import { listCharges, type Listing } from './provider-charges.ts';
import { connect, disconnect, underWay, type Databases, type Urls } from './reconciliation-facts.ts';
import { Findings, MAX_DISAGREEING, type Disagreeing } from './reconciliation-findings.ts';
import { disagreementsOf } from './reconciliation-rules.ts';
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
} from './reconciliation-streams.ts';

export interface ReconcileOptions {
  urls: Urls;
  /** What disagrees is looked at again after so many seconds: what is under way agrees by then. */
  graceSeconds: number;
  /** An order that is not final, or a refund that is not done, after so many seconds is told too. */
  stuckSeconds: number;
  /** The provider's charges of so many days are compared, and what was given back of them. */
  sinceDays: number;
  /** Rows of each table that are read at a time. */
  window?: number;
}

export interface Reconciliation {
  /** Compared, in whichever database they are. */
  orders: number;
  /** The providers' charges that were compared. */
  listing: Listing;
  /** A line each. */
  disagreements: string[];
}

/** What a round leaves to the next one, whichever process has it. */
export interface Progress {
  /** Where the pass through everything goes on. */
  pass: { stream: (typeof passed)[number]; after: string; startedAt: string };
  /** When such a pass ended last, if ever. */
  passedAt?: string;
  /** What is older was compared when it was new. */
  newUpTo: string;
  /** Orders that were under way: they are looked at until they have been seen final. */
  underWay: string[];
  /** What disagreed: it is looked at until it agrees. */
  disagreeing: Disagreeing;
}

export interface Round extends Reconciliation {
  next: Progress;
  /** When the pass through everything began that this round completed. */
  passSince?: string;
}

/** What a pass goes through, one after the other. */
const passed = ['orders', 'accounts'] as const;

const WINDOW = 5000;
/** How late a row may be seen after the time its id begins with: clocks differ, and transactions take a while. */
const OVERLAP_MS = 300_000;
const DAY_MS = 86_400_000;
/** Most unfinished orders read from each table; the pass through everything finds the rest. */
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
  /** Orders and transactions with ids after this one. */
  from?: string;
  /** Ends it after the range it is at. */
  end?: AbortSignal;
  progress?: (upTo: string, orders: number) => void;
}

/** From one end to the other. Memory holds a range, the ids of what disagrees, and the provider's charges. */
export async function reconcile(
  options: ReconcileOptions,
  { from = FIRST, end, progress }: EverythingOptions = {},
): Promise<Reconciliation & { stoppedAt?: string }> {
  return withDatabases(options, async ({ streams, list, now }) => {
    const listing = await list(daysBefore(now, options.sinceDays));
    const found = new Findings(streams);
    await found.look('orders', [...listing.charges.keys()]);
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
    const { lines } = await found.again(options.graceSeconds);
    return { orders, listing, disagreements: [...listing.missing, ...lines], ...(stoppedAt && { stoppedAt }) };
  });
}

/** What is new since the last round, what is or was under way or disagreed, and the next range of everything. */
export async function reconcileRound(options: ReconcileOptions, last: Progress): Promise<Round> {
  return withDatabases(options, async ({ db, streams, list, now }) => {
    const newFrom = new Date(Math.min(Date.parse(last.newUpTo), now.getTime()) - OVERLAP_MS);
    const oldest = daysBefore(now, options.sinceDays);
    const { ranges, next } = await nextRanges(streams, last.pass);
    // All charges that are compared at all are only asked for where something may hang on them.
    const disagreed = streamNames.some((name) => last.disagreeing[name].length > 0);
    const all = disagreed || ranges.some(({ name, upTo }) => name === 'orders' && timeOf(upTo) > oldest.getTime());
    const listing = await list(all ? oldest : newFrom);

    const found = new Findings(streams);
    let orders = 0;
    const soon = idAt(new Date(now.getTime() + DAY_MS));
    orders += await found.compare('orders', idAt(newFrom), soon);
    await found.compare('transactions', idAt(newFrom), soon, async (after, upTo) => {
      // What was booked lately may be about orders of any age.
      const touched = await touchedBy(db, after, upTo);
      await found.look('orders', touched.orders);
      await found.look('accounts', touched.customers);
    });
    const moving = await underWay(db, MAX_UNDER_WAY);
    const looked = [...new Set([...listing.charges.keys(), ...last.underWay, ...moving])];
    await found.look('orders', looked);
    orders += looked.length;
    for (const { name, after, upTo } of ranges) orders += await found.compare(name, after, upTo);
    for (const name of streamNames) found.suspect(name, last.disagreeing[name]);

    const { lines, disagreeing } = await found.again(options.graceSeconds);
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

/** The next range of orders with the transactions in it; after the last one accounts. `next` is where the pass goes on, if anywhere. */
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
  /** Asks the providers; from then on orders are compared with their answer. */
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

/** Of payments' database: the listing is compared with its times. */
async function clock(db: Databases): Promise<Date> {
  return (await db.payments.query<{ now: Date }>('select now()')).rows[0]!.now;
}

function daysBefore(time: Date, days: number): Date {
  return new Date(time.getTime() - days * DAY_MS);
}
