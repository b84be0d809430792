import { CARD_IMAGE_SIZES } from '@shop/contracts/pages';
import type { ProductSummary } from '@shop/contracts/products';
import { Link } from '@tanstack/react-router';
import { useDeferredValue } from 'react';
import { useFormats, useMessages } from '../i18n/i18n.js';
import { ResponsiveImage } from './responsive-image.js';
import styles from './product-card.module.css';
import { Bone } from './skeleton.js';

interface CardProps {
  product: ProductSummary;
  /** Visible without scrolling. */
  first?: boolean;
}

function Card({ product, first = false }: CardProps) {
  const t = useMessages();
  const { price } = useFormats();
  return (
    <li className={styles.card}>
      <Link to="/products/$product" params={{ product: product.slug }} className={styles.link}>
        <span className={styles.image}>
          <ResponsiveImage image={product.image} sizes={CARD_IMAGE_SIZES} first={first} alt="" />
          {!product.inStock && <span className={styles.badge}>{t.product.soldOut}</span>}
        </span>
        <span className={styles.name}>{product.name}</span>
      </Link>
      <span className={styles.price}>{price(product.priceCents)}</span>
    </li>
  );
}

interface GridProps {
  products: ProductSummary[];
  /** How many are visible without scrolling. */
  first?: number;
}

export function ProductGrid({ products, first = 0 }: GridProps) {
  // The others are rendered later, because rendering all at once would block a phone's first interaction.
  const ready = useDeferredValue(products.length, first);
  return (
    <ul className={styles.grid}>
      {products.map((product, i) =>
        i < ready ? <Card key={product.id} product={product} first={i < first} /> : <Bones key={product.id} />,
      )}
    </ul>
  );
}

function Bones() {
  return (
    <li className={styles.card} aria-hidden="true">
      <Bone shape="square" />
      <Bone shape="half" />
      <Bone shape="short" />
    </li>
  );
}

export function ProductGridSkeleton({ count = 8 }: { count?: number }) {
  const t = useMessages();
  return (
    <>
      <p className="visually-hidden">{t.common.loading}</p>
      <ul className={styles.grid}>
        {Array.from({ length: count }, (_, i) => (
          <Bones key={i} />
        ))}
      </ul>
    </>
  );
}
