// How the shop is: whether each part answers, what waits, what was ordered last.
import type { OrderPage } from '@shop/contracts/orders';
import type { StaffHealth } from '@shop/contracts/staff';
import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client.js';
import { useFormats } from '../i18n/i18n.js';
import { usePageTitle } from '../page-title.js';
import { ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import styles from './manage.module.css';
import { OrderTable } from './order-table.js';
import { useWords } from './words.js';

const EVERY_MS = 5000;

export function OverviewPage() {
  const t = useWords();
  usePageTitle(t.title);
  const latest = useQuery({
    queryKey: ['manage', 'latest'],
    queryFn: ({ signal }) => get<OrderPage>('/api/staff/orders?limit=5', signal),
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
          <p>{t.queuesHint}</p>
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

function Services() {
  const t = useWords();
  const { time } = useFormats();
  const { data, error } = useQuery({
    queryKey: ['manage', 'health'],
    queryFn: ({ signal }) => get<StaffHealth>('/api/staff/health', signal),
    refetchInterval: EVERY_MS,
  });
  if (error && !data) return <ErrorNotice error={error} />;
  if (!data) return <Rows count={2} />;
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t.service}</th>
            <th scope="col">{t.state}</th>
            <th scope="col" className={styles.number}>
              {t.took}
            </th>
          </tr>
        </thead>
        <tbody>
          {data.services.map(({ name, up, ms }) => (
            <tr key={name}>
              <td>{name}</td>
              <td className={up ? styles.good : styles.bad}>{up ? t.answers : t.silent}</td>
              <td className={styles.number}>{t.tookMs(ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.soft}>{time(data.at)}</p>
    </>
  );
}
