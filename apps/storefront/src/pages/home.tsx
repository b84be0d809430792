import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { categories, featured } from '../api/queries.js';
import { useMessages } from '../i18n/i18n.js';
import { usePageTitle } from '../page-title.js';
import { ButtonLink } from '../ui/button.js';
import { ErrorNotice } from '../ui/notice.js';
import { ResponsiveImage } from '../ui/responsive-image.js';
import { ProductGrid, ProductGridSkeleton } from '../ui/product-card.js';
import { Bone } from '../ui/skeleton.js';
import styles from './home.module.css';

export function HomePage() {
  const { home: t } = useMessages();
  usePageTitle('');
  return (
    <>
      <Hero />
      <section className={`page ${styles.section}`} aria-labelledby="featured">
        <h2 id="featured">{t.featured}</h2>
        <Featured />
      </section>
      <section className={`page ${styles.section}`} aria-labelledby="rooms">
        <h2 id="rooms">{t.categories}</h2>
        <Rooms />
      </section>
    </>
  );
}

function Hero() {
  const { home: t } = useMessages();
  const { data } = useQuery(featured);
  const shown = data?.items.filter(({ image }) => image).slice(0, 3) ?? [];
  return (
    <div className={styles.hero}>
      <div className={`page ${styles.inside}`}>
        <div className={styles.words}>
          <h1 tabIndex={-1} className={styles.title}>
            {t.title}
          </h1>
          <p className={styles.intro}>{t.intro}</p>
          <ButtonLink to="/products">{t.browse}</ButtonLink>
        </div>
        <div className={styles.images} aria-hidden="true">
          {['20rem', '14rem', '14rem'].map((width, i) => (
            <div key={i} className={styles.image}>
              <ResponsiveImage image={shown[i]?.image} sizes={`(min-width: 60rem) ${width}, 30vw`} first alt="" />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function Featured() {
  const { data, error, refetch } = useQuery(featured);
  if (data) return <ProductGrid products={data.items} />;
  return error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <ProductGridSkeleton />;
}

function Rooms() {
  const { home: t } = useMessages();
  const { data, error, refetch } = useQuery(categories);
  if (error && !data) return <ErrorNotice error={error} retry={() => void refetch()} />;
  return (
    <ul className={styles.rooms}>
      {data
        ? data.items.map(({ slug, name, products }) => (
            <li key={slug}>
              <Link to="/categories/$category" params={{ category: slug }} className={styles.room}>
                <span className={styles.roomName}>{name}</span>
                <span className={styles.roomCount}>{t.things(products)}</span>
              </Link>
            </li>
          ))
        : Array.from({ length: 8 }, (_, i) => (
            <li key={i}>
              <Bone shape="row" />
            </li>
          ))}
    </ul>
  );
}
