// An image in the best format and size the browser can use, over a tiny one that comes with the page.
import type { ProductImage } from '@shop/contracts/products';
import { Sprig } from './icons.js';
import styles from './responsive-image.module.css';

interface ResponsiveImageProps {
  image: ProductImage | null | undefined;
  /** How wide it is shown, as in <img sizes>. */
  sizes: string;
  /** Is seen first: loaded at once. */
  first?: boolean;
  /** '' where the name stands beside it. */
  alt?: string;
}

const TYPES = ['image/avif', 'image/webp'];

export function ResponsiveImage({ image, sizes, first = false, alt }: ResponsiveImageProps) {
  const jpegs = image?.variants.filter(({ type }) => type === 'image/jpeg') ?? [];
  // What a browser takes that knows nothing of the others.
  const plain = jpegs.find(({ name }) => name === 'card') ?? jpegs.at(-1);
  if (!image || !plain)
    return (
      <span className={styles.frame}>
        <span className={styles.none}>
          <Sprig />
        </span>
      </span>
    );
  return (
    <span className={styles.frame}>
      {image.placeholder && <img className={styles.placeholder} src={image.placeholder} alt="" aria-hidden="true" />}
      <picture>
        {TYPES.map((type) => (
          <source key={type} type={type} srcSet={setOf(image, type)} sizes={sizes} />
        ))}
        <img
          src={plain.url}
          srcSet={setOf(image, 'image/jpeg')}
          sizes={sizes}
          width={plain.width}
          height={plain.height}
          alt={alt ?? image.alt}
          loading={first ? 'eager' : 'lazy'}
          fetchPriority={first ? 'high' : 'auto'}
          decoding="async"
        />
      </picture>
    </span>
  );
}

/** A small image has one file under the names of several sizes. */
function setOf({ variants }: ProductImage, wanted: string): string {
  const byWidth = new Map(variants.filter(({ type }) => type === wanted).map(({ width, url }) => [width, url]));
  return [...byWidth].map(([width, url]) => `${url} ${width}w`).join(', ');
}
