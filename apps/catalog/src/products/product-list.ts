// One page of products. A short walk along the list's index fills most pages. A look-up of the filters then finds
// sparse matches. Whatever the look-up leaves is dense, so a longer walk finds it.
import type { ProductImage } from '@shop/contracts/products';
import { inTransaction, type Sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import * as z from 'zod';
import { shownImage, toProductImage, type ShownImageRow } from '../images/image-json.js';
import { readCursor, writeCursor, type Position, type SortKey } from './list-cursor.js';
import { listName, sortOf, type ListQuery } from './list-filters.js';
import {
  collectByPrice,
  collectByTerms,
  sorts,
  walkStatement,
  type Collect,
  type CollectedRow,
  type OrderedList,
  type Statement,
  type Walk,
  type WalkRow,
} from './list-statements.js';
import { summaryColumns, type SummaryRow } from './product-json.js';

/** A search ranks this many of the newest matches: a bound on the work for frequent words. */
const MAX_RANKED = 1000;
/** SQLSTATE of a cancelled statement, here by statement_timeout. */
const CANCELLED = '57014';

/**
 * Limits of the candidates that are collected and sorted, at about 1 µs each, and 5 µs for ranges of prices, which lie
 * scattered over the table. A filter matching more products than this is dense enough for a walk, unless it correlates
 * with the order: the name of everything tagged "oak" may begin with "Oak".
 */
const MAX_CANDIDATES = { byFilters: 15_000, byFiltersNewest: 10_000, byPrice: 1500 };

/** Products that the two walks read, at 1 to 5 µs each when they are not in Postgres' own memory. */
const SHORT_WALK = 550;
const LONG_WALK = 2500;

/**
 * Words in a larger share of the products than this are not looked up, because the index would list all of their
 * products.
 */
const MAX_WORDED = 0.1;

/** Ends a look-up of words that are frequent, though not among the products of the walk. */
const LOOKUP_MS = 25;

/** Lists show small images; wider variants are for the page of the product. */
const LIST_WIDTH = 640;

/** Otherwise the planner may leave the index when it expects few remaining products, and its error has no bound. */
const inOrderOfIndex = setting({ seqscan: 'off', bitmapscan: 'off', sort: 'off', incremental_sort: 'off' });
const byBitmap = `${setting({ seqscan: 'off', indexscan: 'off', indexonlyscan: 'off', bitmapscan: 'on' })},
  set_config('statement_timeout', $1, true)`;

function setting(planner: Record<string, string>): string {
  return `select ${Object.entries(planner).map(([name, value]) => `set_config('enable_${name}', '${value}', true)`)}`;
}

interface Found extends Position {
  id: string;
  key: SortKey;
}

interface Part {
  found: Found[];
  /** Where the list continues; undefined at its end. */
  next: Position | undefined;
}

export async function readPage<T>(
  db: DataSource,
  query: ListQuery,
  mediaUrl: string,
  toItem: (row: SummaryRow, image: ProductImage | null) => T,
): Promise<{ items: T[]; nextCursor: string | null }> {
  const { part, rows } = await inTransaction(db, async (run) => {
    await run(inOrderOfIndex);
    const part = await readPart(run, query);
    return { part, rows: await summaries(run, part.found) };
  });
  const items = rows.map(({ image, ...row }) => toItem(row, image && toProductImage(image, mediaUrl, LIST_WIDTH)));
  return { items, nextCursor: part.next ? writeCursor(listName(query), part.next) : null };
}

async function readPart(run: Sql, query: ListQuery): Promise<Part> {
  const { sort: _sort, limit, cursor, ...given } = query;
  const sort = sortOf(query);
  const schema = sort === 'relevance' ? z.number() : sorts[sort].schema;
  const position = cursor === undefined ? undefined : readCursor(listName(query), schema, cursor);
  const category = given.category === undefined ? undefined : await categoryId(run, given.category);
  if (category === null) return { found: [], next: undefined };
  const filters = { ...given, category, hidden: given.hidden ?? false };
  if (sort !== 'relevance') return readInOrder(run, { filters, sort }, limit, position);
  const newest = await readInOrder(run, { filters, sort: 'newest' }, MAX_RANKED);
  return rank(run, newest.found, filters.q!, limit, position);
}

/** The next products of a list, at most `limit`; fewer, with a `next`, when the walks did not find enough. */
export async function readInOrder(run: Sql, list: OrderedList, limit: number, position?: Position): Promise<Part> {
  const wanted = limit + 1;
  const near = await walk(run, list, { position, wanted, budget: SHORT_WALK, countWords: true });
  if (near.stopped === undefined) return part(near.found, limit);
  const isDense = near.found.length * LONG_WALK >= wanted * SHORT_WALK;
  const few = isDense ? undefined : await collect(run, list, near.rareWords, { wanted, position });
  if (few) return part(few, limit);
  const left = wanted - near.found.length;
  const far = await walk(run, list, { position: near.stopped, wanted: left, budget: LONG_WALK });
  const both = part([...near.found, ...far.found], limit, far.stopped);
  if (!isDense || far.stopped === undefined) return both;
  const others = await collect(run, list, near.rareWords, { wanted, position });
  return others ? part(others, limit) : both;
}

function part(found: Found[], limit: number, stopped?: Position): Part {
  return { found: found.slice(0, limit), next: found.length > limit ? found[limit - 1] : stopped };
}

interface Walked {
  found: Found[];
  /** The last product read, if the budget ended the walk before it found enough. */
  stopped: Position | undefined;
  /** Whether the query has words that are rare among the products read. */
  rareWords: boolean;
}

async function walk(run: Sql, list: OrderedList, options: Walk): Promise<Walked> {
  const { text, values } = walkStatement(list, options);
  const rows = await run<WalkRow>(text, values, 'unprepared');
  const found = rows.filter(({ matches }) => matches).map(toFound);
  const last = rows.at(-1);
  const gaveUp = found.length < options.wanted && last?.place === options.budget;
  const rareWords = list.filters.q !== undefined && (last?.worded ?? 0) <= MAX_WORDED * options.budget;
  return { found, stopped: gaveUp ? toFound(last) : undefined, rareWords };
}

/** The first `wanted` matches, in order; undefined when there are too many candidates to sort. */
async function collect(
  run: Sql,
  list: OrderedList,
  rareWords: boolean,
  options: Omit<Collect, 'most'>,
): Promise<Found[] | undefined> {
  const { byFilters, byFiltersNewest, byPrice } = MAX_CANDIDATES;
  const most = list.sort === 'newest' ? byFiltersNewest : byFilters;
  const words = rareWords ? await wordsOf(run, list.filters.q!) : null;
  if (words === '') return [];
  return (
    (await collectByFilters(run, collectByTerms(list, words, { ...options, most }), most)) ??
    (await collectByRange(run, collectByPrice(list, { ...options, most: byPrice }), byPrice))
  );
}

async function collectByFilters(
  run: Sql,
  statement: Statement | undefined,
  most: number,
): Promise<Found[] | undefined> {
  if (!statement) return undefined;
  await run('savepoint lookup');
  try {
    await run(byBitmap, [String(LOOKUP_MS)]);
    const rows = await run<CollectedRow>(statement.text, statement.values, 'unprepared');
    // A timeout that fires just as a statement ends fails the next one: this one catches it.
    await run(`select set_config('statement_timeout', '0', true)`);
    return collected(rows, most);
  } catch (error) {
    // If the caller's deadline cancelled it, the next statement is refused.
    if ((error as { code?: unknown }).code !== CANCELLED) throw error;
    return undefined;
  } finally {
    // This resets the settings too.
    await run('rollback to savepoint lookup');
  }
}

async function collectByRange(run: Sql, statement: Statement | undefined, most: number): Promise<Found[] | undefined> {
  return statement && collected(await run<CollectedRow>(statement.text, statement.values, 'unprepared'), most);
}

/**
 * A superset of the search that the index answers without reading products: the query without negations and phrases.
 * Null when no word is certain to be in every match; empty when the query has no words.
 */
async function wordsOf(run: Sql, q: string): Promise<string | null> {
  const [row] = await run<{ words: string; size: number }>(
    `select querytree(query) as words, numnode(query) as size from websearch_to_tsquery('english', $1) query`,
    [q],
  );
  if (row!.size === 0) return '';
  return row!.words === 'T' ? null : row!.words.replace(/<(-|\d+)>/g, '&');
}

function collected(rows: CollectedRow[], most: number): Found[] | undefined {
  if (rows[0]!.candidates > most) return undefined;
  return rows.flatMap(({ id, sort_key }) => (id === null ? [] : { id, key: sort_key }));
}

async function rank(run: Sql, found: Found[], q: string, limit: number, position?: Position): Promise<Part> {
  const rows = await run<Pick<WalkRow, 'id' | 'sort_key'>>(
    `select id, sort_key from (
       select p.id, ts_rank(p.search, websearch_to_tsquery('english', $1))::double precision as sort_key
       from products p where p.id = any($2::uuid[])
     ) ranked
     where $3::double precision is null or (sort_key, id) < ($3, $4::uuid)
     order by sort_key desc, id desc limit $5`,
    [q, found.map(({ id }) => id), position?.key, position?.id, limit + 1],
  );
  return part(rows.map(toFound), limit);
}

/** The rows of the page, in order. */
async function summaries(run: Sql, found: Found[]): Promise<(SummaryRow & { image: ShownImageRow | null })[]> {
  if (found.length === 0) return [];
  return run(
    `select ${summaryColumns}, first.image
     from unnest($1::uuid[]) with ordinality as found (id, place)
     join products p on p.id = found.id join categories c on c.id = p.category_id
     left join lateral (
       select ${shownImage} as image from images i join pictures pic on pic.hash = i.picture
       where i.product_id = p.id and pic.shown is not null order by i.position, i.id limit 1
     ) first on true
     order by found.place`,
    [found.map(({ id }) => id)],
  );
}

function toFound({ id, sort_key }: Pick<WalkRow, 'id' | 'sort_key'>): Found {
  return { id, key: sort_key };
}

/** Null for an unknown category. */
async function categoryId(run: Sql, slug: string): Promise<string | null> {
  const [category] = await run<{ id: string }>('select id from categories where slug = $1', [slug]);
  return category?.id ?? null;
}
