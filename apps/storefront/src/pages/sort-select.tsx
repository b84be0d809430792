import type { ProductSort } from '@shop/contracts/products';
import { useMessages } from '../i18n/i18n.js';
import type { ListSearch } from '../listing.js';
import styles from './sort-select.module.css';

interface SortProps {
  search: ListSearch;
  change: (search: ListSearch) => void;
}

export function SortSelect({ search, change }: SortProps) {
  const { list: t } = useMessages();
  const usual = search.q === undefined ? 'newest' : 'relevance';
  const sorts = (Object.keys(t.sorts) as ProductSort[]).filter(
    (sort) => sort !== 'relevance' || search.q !== undefined,
  );
  const choose = (sort: ProductSort) => {
    const { sort: _, ...rest } = search;
    change(sort === usual ? rest : { ...rest, sort });
  };
  return (
    <label className={styles.label}>
      <span className={styles.words}>{t.sort}</span>
      <select
        className={styles.select}
        value={search.sort ?? usual}
        onChange={({ target }) => choose(target.value as ProductSort)}
      >
        {sorts.map((sort) => (
          <option key={sort} value={sort}>
            {t.sorts[sort]}
          </option>
        ))}
      </select>
    </label>
  );
}
