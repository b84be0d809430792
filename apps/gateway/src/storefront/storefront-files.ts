// Reads the built storefront: one page as a template for every address, and files with content hashes in their names.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pages, STRIPE_KEY_META, type PageName } from '@shop/contracts/pages';
import { inert } from '@shop/kit/problem-filter';
import type { GatewayConfig } from '../gateway.config.js';
import { meta } from './page-head.js';

export interface Storefront {
  assetsDir: string;
  /** Of the template and its headers, for ETags. */
  version: string;
  /** Content-Security-Policy */
  policy: string;
  page(parts: PageParts): string;
}

export interface PageParts {
  /** Undefined for error pages. */
  name?: PageName | undefined;
  /** Elements of <head>. */
  head: string;
  /** JSON for an inline script. */
  data: string;
}

const HEAD = '<!--head-->';
const END_OF_HEAD = '</head>';
const DATA = '<!--data-->';

/** Vite's manifest, by source file. */
type Manifest = Record<string, { file: string; css?: string[]; imports?: string[] }>;

/** Source files that are not named after their page. */
const sources: Partial<Record<PageName, string>> = { category: 'products' };

/** Undefined when no storefront was built: then the shop is only an API. */
export function readStorefront(config: GatewayConfig): Storefront | undefined {
  const folder = config.STOREFRONT_DIR ?? resolve(import.meta.dirname, '../../../storefront/dist');
  const file = join(folder, 'index.html');
  if (!existsSync(file)) return undefined;
  const stripeKey = config.PAYMENT_PROVIDER === 'stripe' ? config.STRIPE_PUBLISHABLE_KEY : undefined;
  const stripeMeta = stripeKey === undefined ? '' : `${meta('name', STRIPE_KEY_META, stripeKey)}\n    `;
  const withAssetsUrl = (text: string) => text.replaceAll('"./assets/', `"${config.ASSETS_URL}/`);
  const html = withAssetsUrl(readFileSync(file, 'utf8')).replace(HEAD, () => stripeMeta + HEAD);
  const [start, rest] = split(html, HEAD);
  const [head, body] = split(rest, END_OF_HEAD);
  const [beforeData, end] = split(body, DATA);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const policy = policyOf(html, config, stripeKey !== undefined);
  const names = Object.keys(pages) as PageName[];
  const links = new Map(names.map((name) => [name, withAssetsUrl(preloadLinks(name, manifest))]));
  return {
    assetsDir: join(folder, 'assets'),
    // Includes the headers: on 304 nginx keeps those of its cached copy.
    version: createHash('sha1')
      .update(html + policy + JSON.stringify(inert))
      .digest('base64url')
      .slice(0, 12),
    policy,
    page: (parts) =>
      [
        ...[start, parts.head, head, parts.name ? links.get(parts.name) : '', END_OF_HEAD],
        ...[beforeData, parts.data, end],
      ].join(''),
  };
}

/** Links to the files of this page alone, so that the browser loads them before any script runs. */
function preloadLinks(page: PageName, manifest: Manifest): string {
  const shared = filesOf('index.html', manifest);
  const own = [...filesOf(`src/pages/${sources[page] ?? page}.tsx`, manifest)].filter((file) => !shared.has(file));
  const rel = (file: string) => (file.endsWith('.css') ? 'stylesheet' : 'modulepreload');
  return own.map((file) => `<link rel="${rel(file)}" crossorigin href="./${file}">\n  `).join('');
}

function filesOf(source: string, manifest: Manifest, found = new Set<string>()): Set<string> {
  const chunk = manifest[source];
  if (!chunk || found.has(chunk.file)) return found;
  for (const file of [chunk.file, ...(chunk.css ?? [])]) found.add(file);
  for (const other of chunk.imports ?? []) filesOf(other, manifest, found);
  return found;
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`index.html of the storefront has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** Allows inline scripts by hash, the origins of assets and images, and Stripe's card form where it is used. */
function policyOf(html: string, { ASSETS_URL, MEDIA_URL }: GatewayConfig, withStripe: boolean): string {
  const hashes = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(
    ([, script]) => ` 'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
  const assets = sourceOf(ASSETS_URL);
  const images = new Set(["'self'", 'data:', assets, sourceOf(MEDIA_URL)]);
  return [
    "default-src 'none'",
    `script-src ${assets}${hashes.join('')}${withStripe ? ' https://js.stripe.com https://*.js.stripe.com' : ''}`,
    `style-src ${assets}`,
    `img-src ${[...images].join(' ')}`,
    `font-src ${assets}`,
    `connect-src 'self'${withStripe ? ' https://api.stripe.com' : ''}`,
    ...(withStripe ? ['frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com'] : []),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function sourceOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "'self'";
}
