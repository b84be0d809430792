import type { Order } from '@shop/contracts/orders';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { orders } from '../api/queries.js';
import { useFormats } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { usePageTitle } from '../page-title.js';
import { Button, ButtonLink } from '../ui/button.js';
import { Empty, ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import { shortId } from './order-id.js';
import styles from './orders.module.css';

export function OrdersPage() {
  const t = usePersonMessages();
  usePageTitle(t.orders.title);
  const query = useInfiniteQuery({ ...orders, refetchOnMount: 'always' });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.data && items.length === 0)
    return (
      <Empty title={t.orders.empty} hint={t.orders.emptyHint}>
        <ButtonLink to="/products">{t.cart.browse}</ButtonLink>
      </Empty>
    );
  return (
    <div className={`page ${styles.orders}`}>
      <h1 tabIndex={-1}>{t.orders.title}</h1>
      {query.isPending && <Rows />}
      <ErrorNotice error={query.error} retry={() => void query.refetch()} />
      <OrderList orders={items} />
      {query.hasNextPage && (
        <Button look="secondary" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t.common.more}
        </Button>
      )}
    </div>
  );
}

function OrderList({ orders: items }: { orders: Order[] }) {
  const t = usePersonMessages();
  const { date, price } = useFormats();
  return (
    <ul className={styles.list}>
      {items.map((order) => (
        <li key={order.id} className={styles.order}>
          <Link to="/orders/$order" params={{ order: order.id }} className={styles.link}>
            {t.order.title(shortId(order.id))}
          </Link>
          <span className={styles.note}>
            {date(order.createdAt)}, {t.orders.items(order.lines.reduce((sum, { quantity }) => sum + quantity, 0))}
          </span>
          <span className={styles.status} data-status={order.status}>
            {t.order.status[order.status]}
          </span>
          <strong className={styles.price}>{price(order.totalCents)}</strong>
        </li>
      ))}
    </ul>
  );
}
