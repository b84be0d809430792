// The built storefront: one page that the gateway completes for each address, and files whose names say what is in them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { STRIPE_KEY_META } from '@shop/contracts/pages';
import type { GatewayConfig } from './gateway.config.js';
import { meta } from './page-head.js';

export interface Storefront {
  assetsDir: string;
  /** Of the page before it is completed. */
  version: string;
  policy: string;
  page(parts: PageParts): string;
}

export interface PageParts {
  /** Elements of <head>. */
  head: string;
  /** JSON that no markup can be mistaken for. */
  data?: string;
}

const HEAD = '<!--head-->';
const DATA = '<!--data-->';

/** Undefined where none was built: the shop is an API then. */
export function readStorefront(config: GatewayConfig): Storefront | undefined {
  const folder = config.STOREFRONT_DIR ?? resolve(import.meta.dirname, '../../storefront/dist');
  const file = join(folder, 'index.html');
  if (!existsSync(file)) return undefined;
  const stripeKey = config.PAYMENT_PROVIDER === 'stripe' ? config.STRIPE_PUBLISHABLE_KEY : undefined;
  const facts = stripeKey === undefined ? '' : `${meta('name', STRIPE_KEY_META, stripeKey)}\n    `;
  const html = readFileSync(file, 'utf8').replace(HEAD, () => facts + HEAD);
  const [beforeHead, rest] = split(html, HEAD);
  const [beforeData, end] = split(rest, DATA);
  return {
    assetsDir: join(folder, 'assets'),
    version: createHash('sha1').update(html).digest('base64url').slice(0, 12),
    policy: policyOf(html, config.MEDIA_URL, stripeKey !== undefined),
    page: ({ head, data = '' }) => `${beforeHead}${head}${beforeData}${data}${end}`,
  };
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`index.html of the storefront has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** Scripts of its own, those inside the page by their hashes; pictures may come from another host, a card form from Stripe. */
function policyOf(html: string, mediaUrl: string, withStripe: boolean): string {
  const hashes = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(
    ([, script]) => ` 'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
  const media = URL.canParse(mediaUrl) ? ` ${new URL(mediaUrl).origin}` : '';
  return [
    "default-src 'none'",
    `script-src 'self'${hashes.join('')}${withStripe ? ' https://js.stripe.com https://*.js.stripe.com' : ''}`,
    "style-src 'self'",
    `img-src 'self' data:${media}`,
    "font-src 'self'",
    `connect-src 'self'${withStripe ? ' https://api.stripe.com' : ''}`,
    ...(withStripe ? ['frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com'] : []),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
