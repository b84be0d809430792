import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useMessages } from './i18n/i18n.js';
import { focusHeading } from './page-title.js';
import styles from './search-form.module.css';
import { Form } from './ui/form.js';
import { SearchIcon } from './ui/icons.js';

export function SearchForm() {
  const { header: t } = useMessages();
  const navigate = useNavigate();
  // Pages for staff have their own search forms.
  const q = useRouterState({
    select: ({ location: { pathname, search } }) =>
      pathname.startsWith('/manage') ? '' : ((search as { q?: string }).q ?? ''),
  });
  const submit = async ({ q: words = '' }: Record<string, string>) => {
    await navigate({ to: '/products', search: words.trim() ? { q: words.trim() } : {} });
    // Moves the focus, so that a phone closes its keyboard over the results.
    focusHeading();
  };
  return (
    <Form className={styles.form} role="search" onData={(data) => void submit(data)}>
      <label className="visually-hidden" htmlFor="search">
        {t.searchFor}
      </label>
      <input
        key={q}
        id="search"
        className={styles.input}
        type="search"
        name="q"
        defaultValue={q}
        placeholder={t.searchFor}
        maxLength={200}
        enterKeyHint="search"
        autoComplete="off"
      />
      <button className={styles.button} type="submit" aria-label={t.search}>
        <SearchIcon />
      </button>
    </Form>
  );
}
