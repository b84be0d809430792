// One page of products. First the list's index is walked for a while, which fills most pages; then the filters are looked up,
// which finds what few products have; what is left is dense, and a longer walk finds it.
import type { ProductImage } from '@shop/contracts/products';
import { inTransaction, sql, unpreparedSql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import * as z from 'zod';
import { shownImage, toProductImage, type ShownImageRow } from './image-json.js';
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
  type WalkRow,
} from './list-statements.js';
import { summaryColumns, type SummaryRow } from './product-json.js';

/** A search ranks the newest matches: enough to find everything one would look at, and no more work for a word that is everywhere. */
const MAX_RANKED = 1000;

/**
 * Candidates that are collected and sorted, about 1 µs each. What more products have is dense enough for a walk to find it,
 * unless it goes with the order: everything of oak is called "Oak …". Ranges of prices lie scattered over the table, 5 µs each.
 */
const MAX_CANDIDATES = { byFilters: 40_000, byFiltersNewest: 20_000, byPrice: 5000 };

/** Products that the two walks look at: 1 to 5 µs each, when Postgres does not hold them in its own memory. */
const shortWalk = (limit: number) => 500 + 2 * limit;
const longWalk = (limit: number) => 5000 + 15 * limit;

/** Ends a search for many alternatives that are everywhere, while other filters let nothing pass: the walk answers then. */
const LOOKUP_MS = 100;

/** Lists show cards: what is wider is on the product's own page. */
const LIST_WIDTH = 640;

interface Found extends Position {
  id: string;
  key: SortKey;
}

interface Part {
  found: Found[];
  /** Where to go on when there may be more; undefined at the end of the list. */
  next: Position | undefined;
}

export async function readPage<T>(
  db: DataSource,
  query: ListQuery,
  mediaUrl: string,
  toItem: (row: SummaryRow, image: ProductImage | null) => T,
): Promise<{ items: T[]; nextCursor: string | null }> {
  const part = await readPart(db, query);
  const rows = await summaries(db, part.found);
  const items = rows.map(({ image, ...row }) => toItem(row, image && toProductImage(image, mediaUrl, LIST_WIDTH)));
  return { items, nextCursor: part.next ? writeCursor(listName(query), part.next) : null };
}

async function readPart(db: DataSource, query: ListQuery): Promise<Part> {
  const { sort: _sort, limit, cursor, ...given } = query;
  const sort = sortOf(query);
  const schema = sort === 'relevance' ? z.number() : sorts[sort].schema;
  const position = cursor === undefined ? undefined : readCursor(listName(query), schema, cursor);
  const category = given.category === undefined ? undefined : await categoryId(db, given.category);
  if (category === null) return { found: [], next: undefined };
  const filters = { ...given, category, hidden: given.hidden ?? false };
  if (sort !== 'relevance') return readInOrder(db, { filters, sort }, limit, position);
  const newest = await readInOrder(db, { filters, sort: 'newest' }, MAX_RANKED);
  return rank(db, newest.found, filters.q!, limit, position);
}

/** The next products of a list, `limit` at most. Fewer, with a `next`, when the walks have not found enough. */
export async function readInOrder(
  db: DataSource,
  list: OrderedList,
  limit: number,
  position?: Position,
): Promise<Part> {
  const wanted = limit + 1;
  const near = await walk(db, list, { position, wanted, budget: shortWalk(limit) });
  if (near.stopped === undefined) return part(near.found, limit);
  const isDense = near.found.length * longWalk(limit) >= wanted * shortWalk(limit);
  const few = isDense ? undefined : await collect(db, list, wanted, position);
  if (few) return part(few, limit);
  const left = wanted - near.found.length;
  const far = await walk(db, list, { position: near.stopped, wanted: left, budget: longWalk(limit) });
  const both = part([...near.found, ...far.found], limit, far.stopped);
  if (!isDense || far.stopped === undefined) return both;
  const others = await collect(db, list, wanted, position);
  return others ? part(others, limit) : both;
}

function part(found: Found[], limit: number, stopped?: Position): Part {
  return { found: found.slice(0, limit), next: found.length > limit ? found[limit - 1] : stopped };
}

/** `stopped` is where it gave up before it had found enough. */
async function walk(
  db: DataSource,
  list: OrderedList,
  options: { position?: Position | undefined; wanted: number; budget: number },
): Promise<{ found: Found[]; stopped: Position | undefined }> {
  const { text, values } = walkStatement(list, options);
  const rows = await unpreparedSql<WalkRow>(db, text, values);
  const found = rows.filter(({ matches }) => matches).map(toFound);
  const last = rows.at(-1);
  const gaveUp = found.length < options.wanted && last?.place === options.budget;
  return { found, stopped: gaveUp ? toFound(last) : undefined };
}

/** All matches in their order, `wanted` at most; undefined when there are too many candidates to sort. */
async function collect(
  db: DataSource,
  list: OrderedList,
  wanted: number,
  position?: Position,
): Promise<Found[] | undefined> {
  const { byFilters, byFiltersNewest, byPrice } = MAX_CANDIDATES;
  const most = list.sort === 'newest' ? byFiltersNewest : byFilters;
  return (
    (await collectByFilters(db, list, { wanted, position, most })) ??
    (await collectByRange(db, list, { wanted, position, most: byPrice }))
  );
}

async function collectByFilters(db: DataSource, list: OrderedList, options: Collect): Promise<Found[] | undefined> {
  const words = list.filters.q === undefined ? null : await wordsOf(db, list.filters.q);
  if (words === '') return [];
  const statement = collectByTerms(list, words, options);
  if (!statement) return undefined;
  try {
    return await inTransaction(db, async (run) => {
      // The planner might estimate that looking at every product is cheaper; only by the index it is certainly cheap.
      await run(
        `select set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
           set_config('enable_indexonlyscan', 'off', true), set_config('statement_timeout', $1, true)`,
        [String(LOOKUP_MS)],
      );
      const rows = await run<CollectedRow>(statement.text, statement.values, 'unprepared');
      // A time-out that comes just as a statement ends is Postgres' error of the next one: let it be this one.
      await run(`select set_config('statement_timeout', '0', true)`);
      return collected(rows, options);
    });
  } catch (error) {
    if ((error as Error).message.endsWith('due to statement timeout')) return undefined;
    throw error;
  }
}

async function collectByRange(db: DataSource, list: OrderedList, options: Collect): Promise<Found[] | undefined> {
  const statement = collectByPrice(list, options);
  return statement && collected(await unpreparedSql(db, statement.text, statement.values), options);
}

/**
 * A query that the index answers without a look at the products and that all matches pass: without negations and phrases.
 * Null when there is none, because what is asked for has no certain word; empty when nothing is asked for.
 */
async function wordsOf(db: DataSource, q: string): Promise<string | null> {
  const [row] = await sql<{ words: string; size: number }>(
    db,
    `select querytree(query) as words, numnode(query) as size from websearch_to_tsquery('english', $1) query`,
    [q],
  );
  if (row!.size === 0) return '';
  return row!.words === 'T' ? null : row!.words.replace(/<(-|\d+)>/g, '&');
}

function collected(rows: CollectedRow[], { most }: Collect): Found[] | undefined {
  if (rows[0]!.candidates > most) return undefined;
  return rows.flatMap(({ id, sort_key }) => (id === null ? [] : { id, key: sort_key }));
}

async function rank(db: DataSource, found: Found[], q: string, limit: number, position?: Position): Promise<Part> {
  const rows = await sql<Pick<WalkRow, 'id' | 'sort_key'>>(
    db,
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

/** What the page shows of each, in its order. */
async function summaries(db: DataSource, found: Found[]): Promise<(SummaryRow & { image: ShownImageRow | null })[]> {
  if (found.length === 0) return [];
  return sql(
    db,
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

/** Null for one that does not exist. */
async function categoryId(db: DataSource, slug: string): Promise<string | null> {
  const [category] = await sql<{ id: string }>(db, 'select id from categories where slug = $1', [slug]);
  return category?.id ?? null;
}
