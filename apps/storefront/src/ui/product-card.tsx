import type { ProductSummary } from '@shop/contracts/products';
import { Link } from '@tanstack/react-router';
import { useFormats, useMessages } from '../i18n/i18n.js';
import { Picture } from './picture.js';
import styles from './product-card.module.css';
import { Bone } from './skeleton.js';

const SIZES = '(min-width: 80rem) 18rem, (min-width: 60rem) 23vw, (min-width: 40rem) 31vw, 46vw';

interface CardProps {
  product: ProductSummary;
  /** Among those that are seen first. */
  first?: boolean;
}

function Card({ product, first = false }: CardProps) {
  const t = useMessages();
  const { price } = useFormats();
  return (
    <li className={styles.card}>
      <Link to="/products/$product" params={{ product: product.slug }} className={styles.link}>
        <span className={styles.picture}>
          <Picture image={product.image} sizes={SIZES} first={first} alt="" />
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
  /** How many of them are seen first. */
  first?: number;
}

export function ProductGrid({ products, first = 0 }: GridProps) {
  return (
    <ul className={styles.grid}>
      {products.map((product, i) => (
        <Card key={product.id} product={product} first={i < first} />
      ))}
    </ul>
  );
}

export function ProductGridSkeleton({ count = 8 }: { count?: number }) {
  const t = useMessages();
  return (
    <>
      <p className="visually-hidden">{t.common.loading}</p>
      <ul className={styles.grid} aria-hidden="true">
        {Array.from({ length: count }, (_, i) => (
          <li key={i} className={styles.card}>
            <Bone shape="square" />
            <Bone shape="half" />
            <Bone shape="short" />
          </li>
        ))}
      </ul>
    </>
  );
}
