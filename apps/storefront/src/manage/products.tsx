import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { StaffProductPage, StaffProductSummary } from '@shop/contracts/products';
import { get } from '../api/client.js';
import { useFormats, useMessages } from '../i18n/i18n.js';
import { usePageTitle } from '../page-title.js';
import { Button, ButtonLink } from '../ui/button.js';
import { CheckField, TextField } from '../ui/field.js';
import { Form } from '../ui/form.js';
import { ErrorNotice } from '../ui/notice.js';
import { ResponsiveImage } from '../ui/responsive-image.js';
import { Rows } from '../ui/skeleton.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

const route = getRouteApi('/person/manage/products');

export function ManageProductsPage() {
  const t = useWords();
  const { common } = useMessages();
  const { q, hidden } = route.useSearch();
  const navigate = useNavigate();
  usePageTitle(t.products);
  const query = useInfiniteQuery({
    queryKey: ['manage', 'products', q, hidden],
    queryFn: ({ pageParam, signal }) => get<StaffProductPage>(pathOf({ q, hidden, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const search = ({ q: words = '', hidden: only }: Record<string, string>) =>
    void navigate({
      to: '/manage/products',
      search: { ...(words.trim() && { q: words.trim() }), ...(only !== undefined && { hidden: true as const }) },
    });
  return (
    <>
      <div className={styles.head}>
        <h1 tabIndex={-1}>{t.products}</h1>
        <ButtonLink to="/manage/products/new">{t.newProduct}</ButtonLink>
      </div>
      <Form className={styles.bar} role="search" aria-label={t.searchProducts} onData={search}>
        <TextField key={q} label={t.searchProducts} name="q" defaultValue={q} autoComplete="off" />
        <CheckField key={String(hidden)} label={t.onlyHidden} name="hidden" defaultChecked={hidden} />
        <Button type="submit" look="secondary">
          {t.search}
        </Button>
      </Form>
      <ErrorNotice error={query.error} retry={() => void query.refetch()} />
      {query.isPending && <Rows />}
      {/* A page may be empty though the list goes on. */}
      {query.data && (items.length > 0 || !query.hasNextPage) && <ProductTable products={items} />}
      {query.hasNextPage && (
        <div className={styles.buttons}>
          <Button look="secondary" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {common.more}
          </Button>
        </div>
      )}
    </>
  );
}

function pathOf({ q, hidden, cursor }: { q?: string; hidden?: true; cursor: string }): string {
  const query = new URLSearchParams({ ...(q && { q }), ...(hidden && { hidden: 'true' }), ...(cursor && { cursor }) });
  return `/api/staff/products?${query}`;
}

function ProductTable({ products: items }: { products: StaffProductSummary[] }) {
  const t = useWords();
  const { product } = useMessages();
  const { price } = useFormats();
  if (items.length === 0) return <p>{t.noProducts}</p>;
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t.products}>
      <table className={styles.table}>
        <thead>
          <tr>
            <td />
            <th scope="col">{t.name}</th>
            <th scope="col" className={styles.wideOnly}>
              {t.category}
            </th>
            <th scope="col">{t.stock}</th>
            <th scope="col" className={styles.number}>
              {t.price}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id}>
              <td className={styles.thumbCell}>
                <div className={styles.thumb}>
                  <ResponsiveImage image={item.image} sizes="3rem" alt="" />
                </div>
              </td>
              <td>
                <Link to="/manage/products/$product" params={{ product: item.id }}>
                  {item.name}
                </Link>
                {item.hidden && <span className={styles.mark}>{t.hidden}</span>}
              </td>
              <td className={styles.wideOnly}>{item.category.name}</td>
              <td className={item.inStock ? styles.good : styles.bad}>
                {item.inStock ? product.inStock : product.soldOut}
              </td>
              <td className={styles.number}>{price(item.priceCents)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
