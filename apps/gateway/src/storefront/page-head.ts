// What a page says of itself to those who run no scripts: search engines, and whoever shows a preview of a link.
import { shopDescription, shopName } from '@shop/contracts/pages';
import type { Product, ProductImage } from '@shop/contracts/products';

export interface PageFacts {
  title?: string;
  description?: string;
  /** The one address of this page; without it search engines are told to leave it out. */
  canonical?: string;
  /** og:type */
  type?: 'website' | 'product';
  picture?: ProductImage | null | undefined;
  /** How wide the page shows it, as in <img sizes>. */
  pictureSizes?: string;
  /** schema.org */
  structured?: object;
}

export function headOf(facts: PageFacts, origin: string): string {
  const { canonical, structured } = facts;
  const title = facts.title ? `${facts.title} – ${shopName}` : `${shopName} – ${shopDescription}`;
  const description = shortened(facts.description ?? shopDescription);
  const lines = [`<title>${escape(title)}</title>`, meta('name', 'description', description)];
  if (canonical === undefined) return [...lines, meta('name', 'robots', 'noindex')].join('\n    ');
  const url = new URL(canonical, origin).href;
  const shared = facts.picture && sharedPicture(facts.picture);
  lines.push(
    `<link rel="canonical" href="${escape(url)}">`,
    meta('property', 'og:site_name', shopName),
    meta('property', 'og:type', facts.type ?? 'website'),
    meta('property', 'og:title', facts.title ?? shopName),
    meta('property', 'og:description', description),
    meta('property', 'og:url', url),
  );
  if (shared)
    lines.push(
      meta('property', 'og:image', new URL(shared.url, origin).href),
      meta('property', 'og:image:width', String(shared.width)),
      meta('property', 'og:image:height', String(shared.height)),
      meta('property', 'og:image:alt', facts.picture!.alt),
      meta('name', 'twitter:card', 'summary_large_image'),
    );
  if (facts.picture && facts.pictureSizes) lines.push(...soon(facts.picture, facts.pictureSizes));
  if (structured) lines.push(`<script type="application/ld+json">${safeJson(structured)}</script>`);
  return lines.join('\n    ');
}

/** schema.org/Product */
export function structuredProduct(product: Product, origin: string): object {
  const url = new URL(`/products/${product.slug}`, origin).href;
  const pictures = product.images.flatMap((image) => sharedPicture(image)?.url ?? []);
  return {
    '@context': 'https://schema.org',
    '@type': 'Product',
    name: product.name,
    description: product.description,
    sku: product.id,
    category: product.category.name,
    url,
    ...(pictures.length > 0 && { image: pictures.map((picture) => new URL(picture, origin).href) }),
    offers: {
      '@type': 'Offer',
      url,
      price: (product.priceCents / 100).toFixed(2),
      priceCurrency: product.currency,
      availability: `https://schema.org/${product.inStock ? 'InStock' : 'OutOfStock'}`,
    },
  };
}

/** A JPEG, which everybody can show. */
function sharedPicture({ variants }: ProductImage) {
  const jpegs = variants.filter(({ type }) => type === 'image/jpeg');
  return jpegs.find(({ name }) => name === 'page') ?? jpegs.at(-1);
}

/** Asks for the picture before any script does, in the format and size that the page will want. */
function soon({ variants }: ProductImage, sizes: string): string[] {
  const files = variants.filter(({ type }) => type === 'image/avif').map(({ url, width }) => `${url} ${width}w`);
  if (files.length === 0) return [];
  return [
    `<link rel="preload" as="image" type="image/avif" imagesrcset="${escape(files.join(', '))}" imagesizes="${sizes}" fetchpriority="high">`,
  ];
}

/** As much of a description as is shown under a search result. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 160 ? line : `${line.slice(0, 159).replace(/\s+\S*$/, '')}…`;
}

export function meta(kind: 'name' | 'property', name: string, content: string): string {
  return `<meta ${kind}="${name}" content="${escape(content)}">`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Inside <script> nothing is unescaped, so what could end it is written in another way. */
export function safeJson(value: unknown): string {
  return safeJsonText(JSON.stringify(value));
}

export function safeJsonText(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
