// All products, a category, or search results. Filters, order, and search terms are in the URL.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { categories, products } from '../api/queries.js';
import { useMessages } from '../i18n/i18n.js';
import { filterOf, type ListSearch } from '../listing.js';
import { NotFound } from '../not-found.js';
import { usePageTitle } from '../page-title.js';
import { Button, ButtonLink } from '../ui/button.js';
import { Empty, ErrorNotice } from '../ui/notice.js';
import { ProductGrid, ProductGridSkeleton } from '../ui/product-card.js';
import { Bone } from '../ui/skeleton.js';
import { FilterPanel } from './filters.js';
import styles from './products.module.css';
import { SortSelect } from './sort-select.js';

const all = getRouteApi('/products');
const ofCategory = getRouteApi('/categories/$category');

export function ProductsPage() {
  const { list: t } = useMessages();
  const search = all.useSearch();
  return <ProductList search={search} title={search.q ? t.results(search.q) : t.all} />;
}

export function CategoryPage() {
  const search = ofCategory.useSearch();
  const { category } = ofCategory.useParams();
  const { data } = useQuery(categories);
  const found = data?.items.find(({ slug }) => slug === category);
  if (data && !found) return <NotFound />;
  return <ProductList key={category} search={search} category={category} title={found?.name} />;
}

interface ListProps {
  search: ListSearch;
  category?: string;
  /** Undefined until known. */
  title: string | undefined;
}

function ProductList({ search, category, title }: ListProps) {
  usePageTitle(title);
  const navigate = useNavigate();
  const go = (changed: ListSearch) => void navigate({ to: '.', search: changed, replace: true, resetScroll: false });
  // A changed filter or order starts at the first page.
  const change = ({ pages: _, ...changed }: ListSearch) => go(changed);
  return (
    <div className={`page ${styles.list}`}>
      <h1 tabIndex={-1} className={styles.title}>
        {title ?? <Bone shape="title" />}
      </h1>
      <FilterPanel search={search} change={change} category={category} />
      <div className={styles.sort}>
        <SortSelect search={search} change={change} />
      </div>
      <Results
        search={search}
        category={category}
        clear={() => change(search.q ? { q: search.q } : {})}
        showPages={(pages) => go({ ...search, pages })}
      />
    </div>
  );
}

interface ResultsProps extends Omit<ListProps, 'title'> {
  clear: () => void;
  showPages: (pages: number) => void;
}

/** A page may be empty although the list continues. This many are fetched before the button is shown. */
const MAX_EMPTY_PAGES = 5;

function Results({ search, category, clear, showPages }: ResultsProps) {
  const t = useMessages();
  const query = useInfiniteQuery(products(filterOf(search, category)));
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query;
  const have = query.data?.pages.length ?? 0;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const wanted = items.length === 0 ? MAX_EMPTY_PAGES : (search.pages ?? 1);
  useEffect(() => {
    if (have > 0 && have < wanted && hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [have, wanted, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  const more = () => {
    showPages(have + 1);
    void fetchNextPage();
  };
  const filtered = Object.keys(search).some((name) => !['q', 'sort', 'pages'].includes(name));
  if (query.error && items.length === 0)
    return (
      <div className={styles.results}>
        <ErrorNotice error={query.error} retry={() => void query.refetch()} />
      </div>
    );
  return (
    <section className={styles.results} aria-label={t.list.all} aria-busy={query.isFetching}>
      <p role="status" className={styles.shown}>
        {query.data ? t.list.shown(items.length, query.hasNextPage) : t.common.loading}
      </p>
      {query.isPending && <ProductGridSkeleton count={12} />}
      {query.data && items.length === 0 && !query.hasNextPage && (
        <Empty title={t.list.empty} hint={t.list.emptyHint} heading="h2">
          {filtered ? (
            <Button look="secondary" onClick={clear}>
              {t.list.clear}
            </Button>
          ) : (
            <ButtonLink to="/products">{t.cart.browse}</ButtonLink>
          )}
        </Empty>
      )}
      <ProductGrid products={items} first={4} />
      {query.isFetchNextPageError && <ErrorNotice error={query.error} />}
      {query.hasNextPage && (
        <div className={styles.more}>
          <Button look="secondary" disabled={query.isFetchingNextPage} onClick={more}>
            {query.isFetchingNextPage ? t.common.loading : t.common.more}
          </Button>
        </div>
      )}
    </section>
  );
}
