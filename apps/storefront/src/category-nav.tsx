import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { categories } from './api/queries.js';
import styles from './category-nav.module.css';
import { useMessages } from './i18n/i18n.js';

export function CategoryNav() {
  const { header: t } = useMessages();
  const { data } = useQuery(categories);
  return (
    <nav className={`page ${styles.nav}`} aria-label={t.categories}>
      <ul className={styles.list}>
        <li>
          <Link to="/products" className={styles.link} activeOptions={{ exact: true, includeSearch: false }}>
            {t.all}
          </Link>
        </li>
        {data?.items.map(({ slug, name }) => (
          <li key={slug}>
            <Link to="/categories/$category" params={{ category: slug }} className={styles.link}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
