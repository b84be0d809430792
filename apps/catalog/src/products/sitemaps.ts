// The products' entries in the sitemap, prepared in the background in parts. Each replica prepares the parts that it
// claims.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { MAX_SITEMAP_URLS, type Sitemap } from '@shop/contracts/sitemaps';
import { failPoint } from '@shop/kit/fail-point';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { AppError } from '@shop/rpc/errors';
import { SerializedJson } from '@shop/rpc/serialized-json';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { Browsing } from './browsing.js';

/** Products per part when a full part is split, which leaves room for new ones. */
const FILL = 45_000;

/** Without progress for this long, a claimed part is free for another replica. */
const LEASE_SECONDS = 60;

/** Preparation takes at most this share of the time of one connection, but each part is due again within this time. */
const SHARE = 0.01;
const MAX_INTERVAL_SECONDS = 3600;

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

interface Part {
  part: number;
  after: string;
  /** The `after` of the next part. */
  until: string;
  etag: string | null;
}

interface Prepared {
  products: number;
  lines: Buffer;
  etag: string;
}

@Injectable()
export class Sitemaps implements OnApplicationBootstrap, OnModuleDestroy {
  private stop = () => Promise.resolve();

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly db: DataSource,
    private readonly browsing: Browsing,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const every = { name: 'sitemap preparation', seconds: this.config.CATALOG_SWEEP_SECONDS, log: this.log };
    this.stop = repeat(every, () => this.prepareNext());
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  async list(): Promise<Sitemap> {
    const rows = await this.browsing.list(() =>
      sql<{ part: number; products: number; changedAt: Date | null }>(
        this.db,
        'select part, products, changed_at as "changedAt" from sitemap_parts order by part',
      ),
    );
    if (rows.some(({ changedAt }) => !changedAt)) return { parts: null };
    const listed = rows.filter(({ products }) => products > 0);
    return { parts: listed.map(({ part, changedAt }) => ({ part, changedAt: changedAt!.toISOString() })) };
  }

  /** The gzipped lines of a part; not_found until it has been prepared. */
  async get(part: number): Promise<SerializedJson> {
    const [row] = await this.browsing.list(() =>
      sql<{ lines: Buffer; etag: string }>(
        this.db,
        'select lines, etag from sitemap_parts where part = $1 and lines is not null',
        [part],
      ),
    );
    if (!row) throw new AppError('not_found', 'There is no such sitemap');
    return new SerializedJson(row.lines, row.etag);
  }

  /** True when there may be another part to prepare. */
  private async prepareNext(): Promise<boolean> {
    const part = await this.claim();
    if (!part) return false;
    const tookMs = await this.prepare(part.after, part.until, part);
    await sql(
      this.db,
      `update sitemap_parts set due_at = now() + make_interval(secs => least($3::float8, greatest($2::float8,
         $4::float8 * (select count(*) from sitemap_parts)))) where part = $1`,
      [part.part, this.config.CATALOG_SWEEP_SECONDS, MAX_INTERVAL_SECONDS, tookMs / 1000 / SHARE],
    );
    return true;
  }

  private async claim(): Promise<Part | undefined> {
    const [claimed] = await sql<Part>(
      this.db,
      `with due as (
         select part from sitemap_parts where due_at <= now() order by due_at limit 1 for update skip locked
       )
       update sitemap_parts p set due_at = now() + make_interval(secs => $1) from due where p.part = due.part
       returning p.part, p.after, p.etag, coalesce(
         (select after from sitemap_parts next where next.after > p.after order by after limit 1), $2) as until`,
      [LEASE_SECONDS, LAST_ID],
    );
    return claimed;
  }

  /**
   * Prepares the products between two ids, and returns how long the first part of them took. Products that do not fit
   * into one part become further parts, written from the last to the first: until then the part before them still lists
   * them.
   */
  private async prepare(after: string, until: string, claimed: Part): Promise<number> {
    let startedAt = performance.now();
    const split = await this.splitOf(after, until);
    if (split) {
      await this.prepare(split, until, claimed);
      startedAt = performance.now();
    }
    const end = split ?? until;
    const prepared = await this.read(after, end);
    // Products were added meanwhile.
    if (prepared.products > MAX_SITEMAP_URLS) return this.prepare(after, end, claimed);
    if (after === claimed.after) await this.replace(claimed, end, prepared);
    else await this.add(after, prepared, claimed);
    failPoint('catalog.sitemap.after-writing-part');
    return performance.now() - startedAt;
  }

  /**
   * Where the first part has to end for its products to fit; undefined when all fit. The limit is applied before the
   * end of the range, so that the planner always follows the index and reads no more than one part.
   */
  private async splitOf(after: string, until: string): Promise<string | undefined> {
    const [row] = await sql<{ split: string }>(
      this.db,
      `select (array_agg(id order by id))[$3] as split from (
         select id from products where not hidden and id > $1 order by id limit $4
       ) as following where id <= $2 having count(*) = $4`,
      [after, until, FILL, MAX_SITEMAP_URLS + 1],
    );
    return row?.split;
  }

  private async read(after: string, until: string): Promise<Prepared> {
    const [row] = await sql<{ products: number; lines: string }>(
      this.db,
      `select count(*)::integer as products, coalesce(string_agg(
           slug || to_char(updated_at at time zone 'UTC', ' YYYY-MM-DD"T"HH24:MI:SS"Z"'), E'\\n' order by id), '') as lines
       from (
         select id, slug, updated_at from products where not hidden and id > $1 order by id limit $3
       ) as following where id <= $2`,
      [after, until, MAX_SITEMAP_URLS + 1],
    );
    const { products, lines } = row!;
    const etag = `"${createHash('sha1').update(lines).digest('base64url')}"`;
    return { products, lines: await promisify(gzip)(lines), etag };
  }

  /**
   * Does nothing when the part is unchanged, or when another replica split it after the lease of this one had expired.
   */
  private async replace({ part, after, etag }: Part, end: string, prepared: Prepared): Promise<void> {
    if (prepared.etag === etag) return;
    await sql(
      this.db,
      `update sitemap_parts set products = $2, lines = $3, etag = $4, changed_at = now()
       where part = $1 and not exists (select from sitemap_parts where after > $5 and after < $6)`,
      [part, prepared.products, prepared.lines, prepared.etag, after, end],
    );
  }

  private async add(after: string, { products, lines, etag }: Prepared, claimed: Part): Promise<void> {
    await sql(
      this.db,
      `with lease as (
         update sitemap_parts set due_at = now() + make_interval(secs => $5) where part = $6
       )
       insert into sitemap_parts (after, products, lines, etag, changed_at, due_at)
       values ($1, $2, $3, $4, now(), now() + make_interval(secs => $5))
       on conflict (after) do nothing`,
      [after, products, lines, etag, LEASE_SECONDS, claimed.part],
    );
  }
}
