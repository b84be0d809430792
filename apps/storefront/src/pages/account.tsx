import type { CustomerAnswer } from '@shop/contracts/accounts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { send } from '../api/client.js';
import { credit, session } from '../api/queries.js';
import { useCustomer, useLeave } from '../api/session.js';
import { useFormats } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { usePageTitle } from '../page-title.js';
import { Button, ButtonLink } from '../ui/button.js';
import { TextField } from '../ui/field.js';
import { Form, useFieldErrors } from '../ui/form.js';
import { ErrorNotice } from '../ui/notice.js';
import { useSay } from '../ui/say.js';
import { Rows } from '../ui/skeleton.js';
import { PasswordField } from './enter.js';
import styles from './account.module.css';
import { WhoIsThere } from './who-is-there.js';

export function AccountPage() {
  const t = usePersonMessages();
  usePageTitle(t.person.account);
  const customer = useCustomer();
  if (!customer) return <WhoIsThere />;
  return (
    <div className={`page ${styles.account}`}>
      <h1 tabIndex={-1}>{t.person.hello(customer.name)}</h1>
      <p className={styles.note}>{customer.email}</p>
      <div className={styles.buttons}>
        <ButtonLink to="/orders" look="secondary">
          {t.orders.title}
        </ButtonLink>
        {customer.role === 'staff' && (
          <ButtonLink to="/manage" look="secondary">
            {t.header.manage}
          </ButtonLink>
        )}
        <Leave path="/api/session">{t.person.logOut}</Leave>
      </div>
      <div className={styles.parts}>
        <Part title={t.person.details}>
          <NameForm name={customer.name} />
        </Part>
        <Part title={t.person.credit}>
          <Credit />
        </Part>
        <Part title={t.person.changePassword}>
          <PasswordForm />
        </Part>
        <Part title={t.person.sessions}>
          <p>{t.person.sessionsHint}</p>
          <Leave path="/api/sessions">{t.person.endSessions}</Leave>
        </Part>
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Leave({ path, children }: { path: '/api/session' | '/api/sessions'; children: ReactNode }) {
  const navigate = useNavigate();
  const leave = useLeave(path, () => navigate({ to: '/' }));
  return (
    <>
      <Button look="secondary" disabled={leave.isPending} onClick={() => leave.mutate()}>
        {children}
      </Button>
      <ErrorNotice error={leave.error} />
    </>
  );
}

function NameForm({ name }: { name: string }) {
  const t = usePersonMessages();
  const say = useSay();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (body: unknown) => send<CustomerAnswer>('PATCH', '/api/customers/me', { body }),
    onSuccess: (answer) => {
      client.setQueryData(session.queryKey, answer);
      say(t.common.saved);
    },
  });
  const wrong = useFieldErrors(save.error);
  return (
    <Form className={styles.form} error={save.error} onData={(data) => save.mutate(data)}>
      <TextField label={t.person.name} name="name" autoComplete="name" defaultValue={name} error={wrong('name')} />
      <ErrorNotice error={save.error} />
      <Button type="submit" look="secondary" disabled={save.isPending}>
        {t.common.save}
      </Button>
    </Form>
  );
}

function PasswordForm() {
  const { person: t } = usePersonMessages();
  const say = useSay();
  const [round, setRound] = useState(0);
  const change = useMutation({
    mutationFn: (body: unknown) => send<void>('PUT', '/api/customers/me/password', { body }),
    onSuccess: () => {
      say(t.passwordChanged);
      setRound((before) => before + 1);
    },
  });
  const wrong = useFieldErrors(change.error);
  return (
    <Form key={round} className={styles.form} error={change.error} onData={(data) => change.mutate(data)}>
      <PasswordField label={t.current} name="current" autoComplete="current-password" error={wrong('current')} />
      <PasswordField
        label={t.next}
        name="next"
        autoComplete="new-password"
        hint={t.passwordHint}
        error={wrong('next')}
      />
      <ErrorNotice error={change.error} />
      <Button type="submit" look="secondary" disabled={change.isPending}>
        {t.changePassword}
      </Button>
    </Form>
  );
}

function Credit() {
  const { person: t } = usePersonMessages();
  const { price, date } = useFormats();
  const { data, error, refetch } = useQuery(credit);
  if (error) return <ErrorNotice error={error} retry={() => void refetch()} />;
  if (!data) return <Rows count={1} />;
  if (data.entries.length === 0) return <p>{t.noCredit}</p>;
  return (
    <>
      <p className={styles.balance}>{price(data.balanceCents)}</p>
      <ul className={styles.entries}>
        {data.entries.slice(0, 10).map(({ id, amountCents, createdAt }) => (
          <li key={id} className={styles.entry}>
            <span>{date(createdAt)}</span>
            <span>{price(amountCents)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
