// What the sitemap says of products.
import * as z from 'zod';

/** What one file may name at most (sitemaps.org). */
export const MAX_SITEMAP_URLS = 50_000;

const SitemapPart = z.object({ part: z.int(), changedAt: z.string() });

/** Each part has up to MAX_SITEMAP_URLS products; its number stays, whatever becomes of the others. Null until all have been prepared once. */
export const Sitemap = z.object({ parts: z.array(SitemapPart).nullable() });
export type Sitemap = z.infer<typeof Sitemap>;
