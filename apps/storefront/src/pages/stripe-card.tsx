// Stripe's card form in Stripe's iframe: the shop never sees a card number.
import type { Stripe, StripeCardElement } from '@stripe/stripe-js';
import { loadStripe } from '@stripe/stripe-js/pure';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { useLanguage } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { Button } from '../ui/button.js';
import { Notice } from '../ui/notice.js';
import { Bone } from '../ui/skeleton.js';
import styles from './stripe-card.module.css';

export interface CardForm {
  /** The payment method for the entered card; undefined if it is invalid, in which case the form shows why. */
  token(owner: string): Promise<string | undefined>;
}

interface StripeCardProps {
  stripeKey: string;
  ref: Ref<CardForm>;
}

export default function StripeCard({ stripeKey, ref }: StripeCardProps) {
  const { checkout: t, common } = usePersonMessages();
  const language = useLanguage();
  const loading = useQuery({
    queryKey: ['stripe', stripeKey, language],
    queryFn: () => loadStripe(stripeKey, { locale: language }),
    networkMode: 'always',
    retry: false,
    staleTime: Infinity,
  });
  const [wrong, setWrong] = useState<string>();
  const { place, card } = useCardElement(loading.data ?? undefined, setWrong);
  const id = useId();
  useImperativeHandle(ref, () => ({
    token: async (owner) => {
      const entered = card.current && { type: 'card' as const, card: card.current, billing_details: { name: owner } };
      const made = entered && (await loading.data?.createPaymentMethod(entered).catch(() => undefined));
      setWrong(made ? made.error?.message : t.noCardForm);
      if (made?.error) card.current?.focus();
      return made?.paymentMethod?.id;
    },
  }));
  if (loading.error)
    return (
      <Notice tone="bad">
        <p>{t.noCardForm}</p>
        <Button look="secondary" onClick={() => void loading.refetch()}>
          {common.tryAgain}
        </Button>
      </Notice>
    );
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {t.cardDetails}
      </label>
      <div id={id} ref={place} className={styles.place} data-wrong={wrong !== undefined}>
        {loading.isPending && <Bone shape="short" />}
      </div>
      <span className={styles.hint}>{t.stripeNote}</span>
      <span role="alert" className={styles.error}>
        {wrong}
      </span>
    </div>
  );
}

/** Mounts Stripe's form at `place`, styled by the current theme. */
function useCardElement(stripe: Stripe | undefined, tellWrong: (wrong: string | undefined) => void) {
  const place = useRef<HTMLDivElement>(null);
  const card = useRef<StripeCardElement>(undefined);
  useEffect(() => {
    if (!stripe || !place.current) return;
    const node = place.current;
    const classes = { focus: styles.focus! };
    const element = stripe.elements().create('card', { classes, style: styleOf(node) });
    element.on('change', ({ error }) => tellWrong(error?.message));
    element.mount(node);
    card.current = element;
    const stop = onThemeChange(() => element.update({ style: styleOf(node) }));
    return () => {
      stop();
      card.current = undefined;
      element.destroy();
    };
  }, [stripe, tellWrong]);
  return { place, card };
}

/** Styles are passed explicitly, because Stripe's iframe does not inherit the page's. */
function styleOf(node: HTMLElement) {
  const { color, fontSize } = getComputedStyle(node);
  const soft = getComputedStyle(node.nextElementSibling!).color;
  return { base: { color, fontSize, iconColor: soft, '::placeholder': { color: soft } }, invalid: { color } };
}

function onThemeChange(changed: () => void): () => void {
  const device = matchMedia('(prefers-color-scheme: dark)');
  const chosen = new MutationObserver(changed);
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  device.addEventListener('change', changed);
  return () => {
    chosen.disconnect();
    device.removeEventListener('change', changed);
  };
}
