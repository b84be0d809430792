import type { Cart } from '@shop/contracts/carts';
import type { OrderRequest } from '@shop/contracts/orders';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { tellTabs } from '../api/cart.js';
import { forgetAttempt, newAttempt, openAttempt, place } from '../api/checkout.js';
import { ApiError } from '../api/client.js';
import { cart, order } from '../api/queries.js';
import { useCustomer } from '../api/session.js';
import { usePersonMessages } from '../i18n/person.js';
import { usePageTitle } from '../page-title.js';
import { Button, ButtonLink } from '../ui/button.js';
import { Empty, ErrorNotice, Notice } from '../ui/notice.js';
import { useSay } from '../ui/say.js';
import { Rows } from '../ui/skeleton.js';
import { CheckoutForm } from './checkout-form.js';
import { CheckoutRefusal } from './checkout-refusal.js';
import { CheckoutSummary } from './checkout-summary.js';
import styles from './checkout.module.css';
import { WhoIsThere } from './who-is-there.js';

/** An attempt older than this is sent again only on request. */
const RECENT_MS = 2 * 60_000;

export function CheckoutPage() {
  const { checkout: t } = usePersonMessages();
  usePageTitle(t.title);
  const customer = useCustomer();
  return customer ? <Checkout key={customer.id} customerId={customer.id} /> : <WhoIsThere />;
}

function Checkout({ customerId }: { customerId: string }) {
  const t = usePersonMessages();
  const { data, error, refetch } = useQuery({ ...cart, refetchOnMount: 'always' });
  const { attempt, placing, submit, askAgain, startOver } = usePlacing(customerId);
  const told = useTold(placing.error);
  if (!data && error) return <Framed content={<ErrorNotice error={error} retry={() => void refetch()} />} />;
  if (!data) return <Framed content={<Rows />} />;
  const unknown = attempt && !placing.isPending && (
    <Notice tone="warn">
      <p>{t.checkout.unknown}</p>
      <div className={styles.buttons}>
        <Button onClick={askAgain}>{t.checkout.askAgain}</Button>
        <Button look="quiet" onClick={startOver}>
          {t.checkout.startOver}
        </Button>
      </div>
    </Notice>
  );
  const leaving = placing.isSuccess || alreadyOrderedAs(placing.error) !== undefined;
  if (data.lines.length === 0 && (unknown || placing.isPending || leaving))
    return <Framed content={unknown || <Rows />} />;
  if (data.lines.length === 0)
    return (
      <Empty title={t.checkout.empty} hint={t.cart.emptyHint}>
        <ButtonLink to="/products">{t.cart.browse}</ButtonLink>
      </Empty>
    );
  return (
    <Framed
      content={
        <div className={styles.columns}>
          <div className={styles.main}>
            <div ref={told} tabIndex={-1} className={styles.told}>
              {unknown || (
                <CheckoutRefusal
                  error={placing.error}
                  cart={data}
                  seenCents={placing.variables?.request.expectedTotalCents}
                />
              )}
            </div>
            <CheckoutForm
              customerId={customerId}
              totalCents={data.totalCents}
              error={placing.error}
              busy={placing.isPending || leaving}
              blocked={Boolean(unknown)}
              submit={(request) => submit(request, data)}
            />
          </div>
          <CheckoutSummary cart={data} />
        </div>
      }
    />
  );
}

function Framed({ content }: { content: React.ReactNode }) {
  const { checkout: t } = usePersonMessages();
  return (
    <div className={`page ${styles.checkout}`}>
      <h1 tabIndex={-1}>{t.title}</h1>
      {content}
    </div>
  );
}

/** Scrolls to the message, which is far above the button; for field errors the form focuses the field. */
function useTold(error: unknown) {
  const told = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error && !document.activeElement?.matches('[aria-invalid=true]')) told.current?.focus();
  }, [error]);
  return told;
}

/** The order that another tab or an abandoned attempt made of this cart. */
function alreadyOrderedAs(error: unknown): string | undefined {
  return error instanceof ApiError && error.code === 'cart_already_ordered' ? error.problem.orderId : undefined;
}

/** One attempt at a time; an attempt with an unknown result is repeated until it is known. */
function usePlacing(customerId: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [attempt, setAttempt] = useState(() => openAttempt(customerId));
  const say = useSay();
  const { checkout: t } = usePersonMessages();
  const show = (id: string) => {
    void client.invalidateQueries({ queryKey: ['orders'] });
    void client.invalidateQueries({ queryKey: ['credit'] });
    void navigate({ to: '/orders/$order', params: { order: id } }).then(() => client.invalidateQueries(cart));
    tellTabs();
  };
  const placing = useMutation({
    mutationFn: place,
    // Tries while offline too, and fails visibly.
    networkMode: 'always',
    onSuccess: (placed) => {
      client.setQueryData(order(placed.id).queryKey, placed);
      show(placed.id);
    },
    onError: (error) => {
      if (alreadyOrderedAs(error) !== undefined) {
        say(t.alreadyOrdered);
        show(alreadyOrderedAs(error)!);
      }
      if (error instanceof ApiError && ['price_changed', 'out_of_stock', 'empty_order'].includes(error.code))
        void client.invalidateQueries(cart);
    },
    onSettled: () => setAttempt(openAttempt(customerId)),
  });
  const { mutate } = placing;
  useEffect(() => {
    const left = openAttempt(customerId);
    if (left && Date.now() - left.startedAt < RECENT_MS) mutate(left);
  }, [customerId, mutate]);
  return {
    attempt,
    placing,
    submit: (request: Omit<OrderRequest, 'expectedTotalCents'>, { totalCents }: Cart) => {
      // Guards against two clicks before the next render.
      if (!openAttempt(customerId)) mutate(newAttempt(customerId, { ...request, expectedTotalCents: totalCents }));
    },
    askAgain: () => attempt && mutate(attempt),
    startOver: () => {
      if (attempt) forgetAttempt(attempt);
      setAttempt(undefined);
      placing.reset();
    },
  };
}
