// The built storefront: one page that the gateway completes for each address, and files whose names say what is in them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pages, STRIPE_KEY_META, type PageName } from '@shop/contracts/pages';
import { inert } from '@shop/kit/problem-filter';
import type { GatewayConfig } from '../gateway.config.js';
import { meta } from './page-head.js';

export interface Storefront {
  assetsDir: string;
  /** Of the page before it is completed. */
  version: string;
  policy: string;
  page(parts: PageParts): string;
}

export interface PageParts {
  /** Of one that there is. */
  name?: PageName | undefined;
  /** Elements of <head>. */
  head: string;
  /** JSON that no markup can be mistaken for. */
  data?: string;
}

const HEAD = '<!--head-->';
const END_OF_HEAD = '</head>';
const DATA = '<!--data-->';

/** As Vite writes it, by source. */
type Manifest = Record<string, { file: string; css?: string[]; imports?: string[] }>;

/** Where they have another name than the page. */
const sources: Partial<Record<PageName, string>> = { category: 'products' };

/** Undefined where none was built: the shop is an API then. */
export function readStorefront(config: GatewayConfig): Storefront | undefined {
  const folder = config.STOREFRONT_DIR ?? resolve(import.meta.dirname, '../../../storefront/dist');
  const file = join(folder, 'index.html');
  if (!existsSync(file)) return undefined;
  const stripeKey = config.PAYMENT_PROVIDER === 'stripe' ? config.STRIPE_PUBLISHABLE_KEY : undefined;
  const facts = stripeKey === undefined ? '' : `${meta('name', STRIPE_KEY_META, stripeKey)}\n    `;
  const placed = (text: string) => text.replaceAll('"./assets/', `"${config.ASSETS_URL}/`);
  const html = placed(readFileSync(file, 'utf8')).replace(HEAD, () => facts + HEAD);
  const [start, rest] = split(html, HEAD);
  const [head, body] = split(rest, END_OF_HEAD);
  const [beforeData, end] = split(body, DATA);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const policy = policyOf(html, config, stripeKey !== undefined);
  const names = Object.keys(pages) as PageName[];
  const files = new Map(names.map((name) => [name, placed(filesOf(name, manifest))]));
  return {
    assetsDir: join(folder, 'assets'),
    // nginx keeps the headers that a copy came with for as long as that is not modified.
    version: createHash('sha1')
      .update(html + policy + JSON.stringify(inert))
      .digest('base64url')
      .slice(0, 12),
    policy,
    page: (parts) =>
      [
        ...[start, parts.head, head, parts.name ? files.get(parts.name) : '', END_OF_HEAD],
        ...[beforeData, parts.data ?? '', end],
      ].join(''),
  };
}

/** Elements that ask for what this page alone consists of, so that no script has to be run before. */
function filesOf(page: PageName, manifest: Manifest): string {
  const files = new Set(filesBehind('index.html', manifest));
  const own = [...filesBehind(`src/pages/${sources[page] ?? page}.tsx`, manifest)].filter((file) => !files.has(file));
  const rel = (file: string) => (file.endsWith('.css') ? 'stylesheet' : 'modulepreload');
  return own.map((file) => `<link rel="${rel(file)}" crossorigin href="./${file}">\n  `).join('');
}

function filesBehind(source: string, manifest: Manifest, found = new Set<string>()): Set<string> {
  const chunk = manifest[source];
  if (!chunk || found.has(chunk.file)) return found;
  for (const file of [chunk.file, ...(chunk.css ?? [])]) found.add(file);
  for (const other of chunk.imports ?? []) filesBehind(other, manifest, found);
  return found;
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`index.html of the storefront has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** Scripts out of its files, those inside the page by their hashes; files and pictures may come from other hosts, a card form from Stripe. */
function policyOf(html: string, { ASSETS_URL, MEDIA_URL }: GatewayConfig, withStripe: boolean): string {
  const hashes = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(
    ([, script]) => ` 'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
  const assets = originOf(ASSETS_URL);
  const images = new Set(["'self'", 'data:', assets, originOf(MEDIA_URL)]);
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

/** As a policy names it. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "'self'";
}
