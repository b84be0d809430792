// The filters of a list: beside it on wide screens, collapsed above it on phones.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef, useState, type ComponentType } from 'react';
import { categories } from '../api/queries.js';
import { useMessages } from '../i18n/i18n.js';
import { colours, wholePrice, type ListSearch } from '../listing.js';
import { Button } from '../ui/button.js';
import { CheckField, TextField } from '../ui/field.js';
import { FilterIcon } from '../ui/icons.js';
import styles from './filters.module.css';

interface FilterProps {
  search: ListSearch;
  change: (search: ListSearch) => void;
  category?: string | undefined;
}

/** One for each filter in the address. */
const controls: Record<Exclude<keyof ListSearch, 'q' | 'sort' | 'pages'>, ComponentType<FilterProps> | null> = {
  colour: Colours,
  from: Price,
  to: null, // Shown with `from`.
  stock: InStock,
};

export function FilterPanel(props: FilterProps) {
  const { list: t } = useMessages();
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const { pages: _, ...search } = props.search;
  const { q, sort, ...filters } = search;
  const group = { ...props, search };
  const count = Object.keys(filters).length;
  return (
    <div className={styles.place}>
      <button
        ref={toggle}
        type="button"
        className={styles.toggle}
        aria-expanded={open}
        aria-controls="filters"
        onClick={() => setOpen(!open)}
      >
        <FilterIcon />
        {t.filters}
        {count > 0 && <span className={styles.count}>{count}</span>}
      </button>
      <section id="filters" className={styles.panel} data-open={open} aria-label={t.filters}>
        <Categories {...group} />
        {Object.entries(controls).map(([name, Control]) => Control && <Control key={name} {...group} />)}
        {count > 0 && (
          <Button look="quiet" onClick={() => props.change({ ...(q && { q }), ...(sort && { sort }) })}>
            {t.clear}
          </Button>
        )}
        <div className={styles.results}>
          <Button
            wide
            onClick={() => {
              setOpen(false);
              toggle.current?.focus();
            }}
          >
            {t.showResults}
          </Button>
        </div>
      </section>
    </div>
  );
}

/** Unset filters are omitted from the URL. */
function withFilter<K extends keyof ListSearch>(search: ListSearch, name: K, value: ListSearch[K] | false): ListSearch {
  const { [name]: _, ...rest } = search;
  return value === undefined || value === false ? rest : { ...rest, [name]: value };
}

function Categories({ search, category }: FilterProps) {
  const { list: t } = useMessages();
  const { data } = useQuery(categories);
  return (
    <nav className={styles.group} aria-label={t.category}>
      <h2 className={styles.legend}>{t.category}</h2>
      <ul>
        <li>
          <Link to="/products" search={search} className={styles.category} data-active={category === undefined}>
            {t.anyCategory}
          </Link>
        </li>
        {data?.items.map(({ slug, name, products }) => (
          <li key={slug}>
            <Link
              to="/categories/$category"
              params={{ category: slug }}
              search={search}
              className={styles.category}
              data-active={category === slug}
            >
              {name} <span className={styles.number}>{products}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Colours({ search, change }: FilterProps) {
  const t = useMessages();
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t.list.colour}</legend>
      <div className={styles.colours}>
        {colours.map((colour) => (
          <label key={colour} className={styles.colour} title={t.colours[colour]}>
            <input
              type="checkbox"
              checked={search.colour === colour}
              aria-label={t.colours[colour]}
              onChange={({ target }) => change(withFilter(search, 'colour', target.checked && colour))}
            />
            <span className={styles.swatch} data-colour={colour} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Price(props: FilterProps) {
  const { list: t } = useMessages();
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t.price}</legend>
      <div className={styles.price}>
        <PriceField name="from" {...props} />
        <PriceField name="to" {...props} />
      </div>
    </fieldset>
  );
}

function InStock({ search, change }: FilterProps) {
  const { list: t } = useMessages();
  return (
    <CheckField
      label={t.inStock}
      checked={search.stock ?? false}
      onChange={({ target }) => change(withFilter(search, 'stock', target.checked))}
    />
  );
}

/** Applied on blur or Enter; otherwise follows the URL without losing the focus. */
function PriceField({ name, search, change }: FilterProps & { name: 'from' | 'to' }) {
  const { list: t, errors } = useMessages();
  const value = search[name];
  const [shown, setShown] = useState({ value, text: String(value ?? '') });
  if (shown.value !== value) setShown({ value, text: String(value ?? '') });
  const text = shown.text.trim().replace(',', '.');
  const wrong = text !== '' && wholePrice(text) === undefined;
  const apply = () => !wrong && wholePrice(text) !== value && change(withFilter(search, name, wholePrice(text)));
  return (
    <TextField
      label={t[name]}
      inputMode="decimal"
      autoComplete="off"
      value={shown.text}
      error={wrong ? errors.fields.number : undefined}
      onChange={({ target }) => setShown({ value, text: target.value })}
      onBlur={apply}
      onKeyDown={({ key }) => key === 'Enter' && apply()}
    />
  );
}
