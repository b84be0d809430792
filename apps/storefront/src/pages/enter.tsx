// Log-in and registration.
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { useEnter } from '../api/session.js';
import { usePersonMessages } from '../i18n/person.js';
import { usePageTitle } from '../page-title.js';
import { Button } from '../ui/button.js';
import { CheckField, TextField } from '../ui/field.js';
import { Form, useFieldErrors } from '../ui/form.js';
import { ErrorNotice, Notice } from '../ui/notice.js';
import styles from './enter.module.css';

const loginRoute = getRouteApi('/login');
const registerRoute = getRouteApi('/register');

function useGoOn(next: string | undefined) {
  const router = useRouter();
  // Replaces the history entry, so that going back skips the form.
  return () => router.history.replace(next ?? '/account');
}

export function LoginPage() {
  const { person: t, checkout } = usePersonMessages();
  const { next, expired } = loginRoute.useSearch();
  const goOn = useGoOn(next);
  const enter = useEnter('/api/session');
  usePageTitle(t.logIn);
  return (
    <div className={`page ${styles.enter}`}>
      <h1 tabIndex={-1}>{t.logInTitle}</h1>
      {expired ? (
        <Notice>
          <p>{checkout.expired}</p>
        </Notice>
      ) : (
        next === '/checkout' && (
          <Notice>
            <p>
              {checkout.login}. {checkout.loginHint}
            </p>
          </Notice>
        )
      )}
      <Form className={styles.form} error={enter.error} onData={(data) => enter.mutate(data, { onSuccess: goOn })}>
        <ErrorNotice error={enter.error} />
        <TextField label={t.email} name="email" type="email" autoComplete="username" required />
        <PasswordField label={t.password} name="password" autoComplete="current-password" />
        <Button type="submit" wide disabled={enter.isPending}>
          {t.logIn}
        </Button>
      </Form>
      <p>
        {t.noAccount}{' '}
        <Link to="/register" search={{ ...(next && { next }) }}>
          {t.register}
        </Link>
      </p>
    </div>
  );
}

export function RegisterPage() {
  const { person: t } = usePersonMessages();
  const { next } = registerRoute.useSearch();
  const goOn = useGoOn(next);
  const enter = useEnter('/api/customers');
  const wrong = useFieldErrors(enter.error);
  usePageTitle(t.register);
  return (
    <div className={`page ${styles.enter}`}>
      <h1 tabIndex={-1}>{t.registerTitle}</h1>
      <Form className={styles.form} error={enter.error} onData={(data) => enter.mutate(data, { onSuccess: goOn })}>
        <ErrorNotice error={enter.error} />
        <TextField label={t.name} name="name" autoComplete="name" required error={wrong('name')} />
        <TextField label={t.email} name="email" type="email" autoComplete="username" required error={wrong('email')} />
        <PasswordField
          label={t.password}
          name="password"
          autoComplete="new-password"
          hint={t.passwordHint}
          error={wrong('password')}
        />
        <Button type="submit" wide disabled={enter.isPending}>
          {t.register}
        </Button>
      </Form>
      <p>
        {t.haveAccount}{' '}
        <Link to="/login" search={{ ...(next && { next }) }}>
          {t.logIn}
        </Link>
      </p>
    </div>
  );
}

interface PasswordProps {
  label: string;
  name: string;
  autoComplete: 'current-password' | 'new-password';
  hint?: string;
  error?: string | undefined;
}

export function PasswordField(props: PasswordProps) {
  const { person: t } = usePersonMessages();
  const [shown, setShown] = useState(false);
  return (
    <div>
      <TextField {...props} type={shown ? 'text' : 'password'} required />
      <CheckField label={t.show} checked={shown} onChange={({ target }) => setShown(target.checked)} />
    </div>
  );
}
