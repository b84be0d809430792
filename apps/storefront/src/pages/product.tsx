import type { Product } from '@shop/contracts/products';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ApiError } from '../api/client.js';
import { product as productQuery, productsLike } from '../api/queries.js';
import { useFormats, useMessages } from '../i18n/i18n.js';
import { colours } from '../listing.js';
import { usePageTitle } from '../page-title.js';
import { ButtonLink } from '../ui/button.js';
import { Empty, ErrorNotice } from '../ui/notice.js';
import { ProductGrid } from '../ui/product-card.js';
import { Bone } from '../ui/skeleton.js';
import { AddToCart } from './add-to-cart.js';
import { Gallery } from './gallery.js';
import styles from './product.module.css';

const route = getRouteApi('/products/$product');

export function ProductPage() {
  const { product: t, cart } = useMessages();
  const { product } = route.useParams();
  const { data, error, refetch } = useQuery(productQuery(product));
  const missing = error instanceof ApiError && error.code === 'not_found';
  usePageTitle(data?.name ?? (missing ? t.gone : undefined));
  if (data) return <Shown key={data.id} product={data} />;
  if (missing)
    return (
      <Empty title={t.gone} hint={t.goneHint}>
        <ButtonLink to="/products">{cart.browse}</ButtonLink>
      </Empty>
    );
  if (error)
    return (
      <div className={`page ${styles.error}`}>
        <ErrorNotice error={error} retry={() => void refetch()} />
      </div>
    );
  return <ProductSkeleton />;
}

function Shown({ product }: { product: Product }) {
  const { price } = useFormats();
  return (
    <div className="page">
      <nav className={styles.path} aria-label={product.category.name}>
        <Link to="/categories/$category" params={{ category: product.category.slug }}>
          {product.category.name}
        </Link>
      </nav>
      <div className={styles.product}>
        <Gallery images={product.images} name={product.name} />
        <div className={styles.words}>
          <h1 tabIndex={-1}>{product.name}</h1>
          <p className={styles.price}>{price(product.priceCents)}</p>
          <Stock product={product} />
          <AddToCart product={product} />
          <p className={styles.description}>{product.description}</p>
          <Tags product={product} />
        </div>
      </div>
      <MoreLikeThis product={product} />
    </div>
  );
}

/** Below this stock the page shows how many are left. */
const FEW = 5;

function Stock({ product: { inStock, stock } }: { product: Product }) {
  const { product: t } = useMessages();
  if (!inStock)
    return (
      <div>
        <p className={styles.soldOut}>{t.soldOut}</p>
        <p className={styles.hint}>{t.soldOutHint}</p>
      </div>
    );
  return <p className={stock <= FEW ? styles.few : styles.stock}>{stock <= FEW ? t.few(stock) : t.inStock}</p>;
}

function Tags({ product: { tags } }: { product: Product }) {
  const t = useMessages();
  const shown = colours.filter((colour) => tags.includes(colour));
  if (shown.length === 0) return null;
  return (
    <ul className={styles.tags} aria-label={t.list.colour}>
      {shown.map((colour) => (
        <li key={colour}>
          <Link to="/products" search={{ colour }} className={styles.tag}>
            {t.colours[colour]}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function MoreLikeThis({ product }: { product: Product }) {
  const { product: t } = useMessages();
  const { data } = useQuery(productsLike(product.category.slug));
  const others = data?.items.filter(({ id }) => id !== product.id).slice(0, 4) ?? [];
  if (others.length === 0) return null;
  return (
    <section className={styles.more} aria-labelledby="more">
      <h2 id="more">{t.tags}</h2>
      <ProductGrid products={others} />
    </section>
  );
}

function ProductSkeleton() {
  const { common } = useMessages();
  return (
    <div className="page">
      <p className="visually-hidden">{common.loading}</p>
      <div className={styles.path}>
        <Bone shape="short" />
      </div>
      <div className={styles.product}>
        <Bone shape="square" />
        <div className={styles.words}>
          <Bone shape="title" />
          <Bone shape="short" />
          <Bone shape="row" />
          <Bone shape="row" />
        </div>
      </div>
    </div>
  );
}
