// The layout of every page.
import { shopName } from '@shop/contracts/pages';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { Suspense, useEffect, useRef, useSyncExternalStore } from 'react';
import { cart } from './api/queries.js';
import { useCustomer } from './api/session.js';
import { CategoryNav } from './category-nav.js';
import { Footer } from './footer.js';
import { useMessages } from './i18n/i18n.js';
import styles from './layout.module.css';
import { SearchForm } from './search-form.js';
import { CartIcon, PersonIcon } from './ui/icons.js';
import { SayProvider } from './ui/say.js';
import { Rows } from './ui/skeleton.js';

export function Layout() {
  const t = useMessages();
  return (
    <SayProvider>
      <div className={styles.layout}>
        <a className={styles.skip} href="#main">
          {t.common.skip}
        </a>
        <Offline />
        <Header />
        <Main />
        <Footer />
      </div>
    </SayProvider>
  );
}

function Header() {
  const t = useMessages();
  const customer = useCustomer();
  return (
    <header className={styles.header}>
      <div className={`page ${styles.bar}`}>
        <Link to="/" className={styles.logo}>
          {shopName}
        </Link>
        <SearchForm />
        <div className={styles.actions}>
          {customer?.role === 'staff' && (
            <Link to="/manage" className={styles.action}>
              {t.header.manage}
            </Link>
          )}
          <Link to={customer ? '/account' : '/login'} className={styles.action}>
            <PersonIcon />
            <span className={styles.word}>{customer ? t.header.account : t.header.logIn}</span>
          </Link>
          <CartLink />
        </div>
      </div>
      <CategoryNav />
    </header>
  );
}

function CartLink() {
  const t = useMessages();
  const { data } = useQuery(cart);
  const count = data?.lines.reduce((sum, { quantity }) => sum + quantity, 0) ?? 0;
  return (
    <Link to="/cart" className={styles.action}>
      <CartIcon />
      <span className={styles.word}>{t.header.cart}</span>
      {count > 0 && (
        <span className={styles.count} aria-hidden="true">
          {count}
        </span>
      )}
      <span className="visually-hidden"> {t.header.items(count)}</span>
    </Link>
  );
}

/** After navigation, moves the focus to the new page's heading. */
function Main() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const shown = useRef<string>(undefined);
  useEffect(() => {
    if (path === undefined) return;
    if (shown.current !== undefined && shown.current !== path) {
      (main.current?.querySelector<HTMLElement>('h1[tabindex]') ?? main.current)?.focus({ preventScroll: true });
      // The canonical link names the page that was loaded first, and phones share it.
      document.querySelector('link[rel=canonical]')?.remove();
    }
    shown.current = path;
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1} className={styles.main}>
      <Suspense fallback={<Rows />}>
        <Outlet />
      </Suspense>
    </main>
  );
}

function Offline() {
  const t = useMessages();
  const online = useSyncExternalStore(listenToNetwork, () => navigator.onLine);
  return <div role="status">{!online && <p className={styles.offline}>{t.common.offline}</p>}</div>;
}

function listenToNetwork(changed: () => void): () => void {
  addEventListener('online', changed);
  addEventListener('offline', changed);
  return () => {
    removeEventListener('online', changed);
    removeEventListener('offline', changed);
  };
}
