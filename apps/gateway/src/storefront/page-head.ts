// The <head> of a page for clients that run no scripts: search engines and link previews.
import { shopDescription, shopName } from '@shop/contracts/pages';
import type { Product, ProductImage } from '@shop/contracts/products';

export interface PageMetadata {
  title?: string;
  description?: string;
  /** The canonical path; without it the page is noindex. */
  canonical?: string;
  /** og:type */
  type?: 'website' | 'product';
  image?: ProductImage | null | undefined;
  /** The width at which the page shows the image, as in <img sizes>. */
  imageSizes?: string;
  /** schema.org */
  structured?: object;
}

export function headOf(metadata: PageMetadata, origin: string): string {
  const { canonical, structured, image, imageSizes } = metadata;
  const title = metadata.title ? `${metadata.title} – ${shopName}` : `${shopName} – ${shopDescription}`;
  const description = shortened(metadata.description ?? shopDescription);
  const lines = [`<title>${escape(title)}</title>`, meta('name', 'description', description)];
  if (canonical === undefined) return [...lines, meta('name', 'robots', 'noindex')].join('\n    ');
  const url = new URL(canonical, origin).href;
  const preview = image && previewOf(image);
  lines.push(
    `<link rel="canonical" href="${escape(url)}">`,
    meta('property', 'og:site_name', shopName),
    meta('property', 'og:type', metadata.type ?? 'website'),
    meta('property', 'og:title', metadata.title ?? shopName),
    meta('property', 'og:description', description),
    meta('property', 'og:url', url),
  );
  if (preview)
    lines.push(
      meta('property', 'og:image', new URL(preview.url, origin).href),
      meta('property', 'og:image:width', String(preview.width)),
      meta('property', 'og:image:height', String(preview.height)),
      meta('property', 'og:image:alt', image.alt),
      meta('name', 'twitter:card', 'summary_large_image'),
    );
  if (image && imageSizes) lines.push(...preload(image, imageSizes));
  if (structured) lines.push(`<script type="application/ld+json">${safeJson(JSON.stringify(structured))}</script>`);
  return lines.join('\n    ');
}

/** schema.org/Product */
export function structuredProduct(product: Product, origin: string): object {
  const url = new URL(`/products/${product.slug}`, origin).href;
  const images = product.images.flatMap((image) => previewOf(image)?.url ?? []);
  return {
    '@context': 'https://schema.org',
    '@type': 'Product',
    name: product.name,
    description: product.description,
    sku: product.id,
    category: product.category.name,
    url,
    ...(images.length > 0 && { image: images.map((image) => new URL(image, origin).href) }),
    offers: {
      '@type': 'Offer',
      url,
      price: (product.priceCents / 100).toFixed(2),
      priceCurrency: product.currency,
      availability: `https://schema.org/${product.inStock ? 'InStock' : 'OutOfStock'}`,
    },
  };
}

/** A JPEG, the format that every client can show. */
function previewOf({ variants }: ProductImage) {
  const jpegs = variants.filter(({ type }) => type === 'image/jpeg');
  return jpegs.find(({ name }) => name === 'page') ?? jpegs.at(-1);
}

/** Loads the image before any script runs, in the format and size that the page will use. */
function preload({ variants }: ProductImage, sizes: string): string[] {
  const files = variants.filter(({ type }) => type === 'image/avif').map(({ url, width }) => `${url} ${width}w`);
  if (files.length === 0) return [];
  return [
    `<link rel="preload" as="image" type="image/avif" imagesrcset="${escape(files.join(', '))}" imagesizes="${sizes}" fetchpriority="high">`,
  ];
}

/** The length that search results show. */
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

/** JSON that cannot end the <script> element it is in. */
export function safeJson(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
