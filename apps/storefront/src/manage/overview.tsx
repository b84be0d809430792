// The overview: health of services, queues, and the latest orders.
import type { StaffOrderPage } from '@shop/contracts/staff';
import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client.js';
import { usePageTitle } from '../page-title.js';
import { ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import styles from './manage.module.css';
import { OrderTable } from './order-table.js';
import { Queues, Services } from './shop-health.js';
import { useWords } from './words.js';

const EVERY_MS = 5000;

export function OverviewPage() {
  const t = useWords();
  usePageTitle(t.title);
  const latest = useQuery({
    queryKey: ['manage', 'latest'],
    queryFn: ({ signal }) => get<StaffOrderPage>('/api/staff/orders?limit=5', signal),
    refetchInterval: EVERY_MS,
  });
  return (
    <>
      <h1 tabIndex={-1}>{t.overview}</h1>
      <div className={styles.columns}>
        <section className={styles.card}>
          <h2>{t.services}</h2>
          <Services />
        </section>
        <section className={styles.card}>
          <h2>{t.queues}</h2>
          <Queues />
          <a href="/staff/queues">{t.openQueues}</a>
        </section>
      </div>
      <section className={styles.card}>
        <h2>{t.latestOrders}</h2>
        {latest.data ? <OrderTable orders={latest.data.items} /> : <Rows count={2} />}
        <ErrorNotice error={latest.error} />
      </section>
    </>
  );
}
