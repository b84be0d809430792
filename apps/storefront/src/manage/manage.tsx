// The layout of pages for staff. The API enforces permissions.
import { Link, Outlet } from '@tanstack/react-router';
import { useCustomer } from '../api/session.js';
import { WhoIsThere } from '../pages/who-is-there.js';
import { Empty } from '../ui/notice.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

export function Manage() {
  const t = useWords();
  const customer = useCustomer();
  if (!customer) return <WhoIsThere />;
  if (customer.role !== 'staff') return <Empty title={t.onlyStaff} hint={t.onlyStaffHint} />;
  return (
    <div className={`page ${styles.manage}`}>
      <nav className={styles.nav} aria-label={t.title}>
        <Link to="/manage" activeOptions={{ exact: true }} className={styles.link}>
          {t.overview}
        </Link>
        <Link to="/manage/products" className={styles.link}>
          {t.products}
        </Link>
        <Link to="/manage/orders" className={styles.link}>
          {t.orders}
        </Link>
        <a href="/staff/queues" className={styles.link}>
          {t.queues}
        </a>
      </nav>
      <Outlet />
    </div>
  );
}
