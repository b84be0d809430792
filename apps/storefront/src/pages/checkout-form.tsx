import type { OrderRequest, PaymentMethod, ShippingAddress } from '@shop/contracts/orders';
import { STRIPE_KEY_META } from '@shop/contracts/pages';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useRef, useState, type Ref } from 'react';
import { credit } from '../api/queries.js';
import { useCustomer } from '../api/session.js';
import { useFormats, useLanguage } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { Button } from '../ui/button.js';
import { CheckField, SelectField, TextField } from '../ui/field.js';
import { Form, useFieldErrors } from '../ui/form.js';
import { Bone } from '../ui/skeleton.js';
import { keepDraft, readDraft } from './checkout-draft.js';
import styles from './checkout.module.css';
import type { CardForm } from './stripe-card.js';

/** Whether Stripe charges cards; otherwise test cards are offered. */
const stripeKey = document.querySelector<HTMLMetaElement>(`meta[name=${STRIPE_KEY_META}]`)?.content;
const StripeCard = lazy(() => import('./stripe-card.js'));

interface CheckoutFormProps {
  customerId: string;
  totalCents: number;
  error: unknown;
  busy: boolean;
  /** An attempt with an unknown result must be resolved first. */
  blocked: boolean;
  submit: (request: Omit<OrderRequest, 'expectedTotalCents'>) => void;
}

export function CheckoutForm({ customerId, totalCents, error, busy, blocked, submit }: CheckoutFormProps) {
  const { checkout: t } = usePersonMessages();
  const { price } = useFormats();
  const [draft, setDraft] = useState(() => readDraft(customerId));
  const change = (name: string, value: string) => setDraft(keepDraft(customerId, { ...draft, [name]: value }));
  const { card, asking, paymentOf } = usePayment();
  const onData = async ({ method, token, ...address }: Record<string, string>) => {
    const shippingAddress = address as ShippingAddress;
    const payment = await paymentOf(method, token, shippingAddress);
    if (payment) submit({ payment, shippingAddress });
  };
  return (
    <Form
      className={styles.form}
      error={error}
      onData={(data) => void onData(data)}
      onChange={({ target }) => {
        const { name, value } = target as unknown as HTMLInputElement;
        change(name, value);
      }}
    >
      <fieldset disabled={busy || asking || blocked} className={styles.fields}>
        <Address draft={draft} error={error} />
        <Payment draft={draft} totalCents={totalCents} card={card} />
        <Button type="submit" wide>
          {busy || asking ? t.ordering : t.order(price(totalCents))}
        </Button>
      </fieldset>
    </Form>
  );
}

/** The payment of the order. With Stripe, the card is exchanged for a payment method first. */
function usePayment() {
  const card = useRef<CardForm>(null);
  const underWay = useRef(false);
  const [asking, setAsking] = useState(false);
  const paymentOf = async (
    method: string | undefined,
    token: string | undefined,
    { name }: ShippingAddress,
  ): Promise<PaymentMethod | undefined> => {
    if (method === 'credit') return { method };
    if (stripeKey === undefined) return { method: 'card', token: token ?? 'tok_ok' };
    if (underWay.current) return undefined;
    underWay.current = true;
    setAsking(true);
    const made = await card.current?.token(name).catch(() => undefined);
    underWay.current = false;
    setAsking(false);
    return made === undefined ? undefined : { method: 'card', token: made };
  };
  return { card, asking, paymentOf };
}

const countries = ['DE', 'AT', 'CH', 'NL', 'BE', 'LU', 'FR', 'IT', 'ES', 'PT', 'IE', 'GB', 'DK', 'SE', 'PL', 'CZ'];

function Address({ draft, error }: { draft: Record<string, string>; error: unknown }) {
  const { checkout: t } = usePersonMessages();
  const language = useLanguage();
  const customer = useCustomer();
  const wrong = useFieldErrors(error);
  const names = new Intl.DisplayNames(language, { type: 'region' });
  const field = (name: keyof ShippingAddress & keyof typeof t, autoComplete: string, initial = '') => (
    <TextField
      key={`${name} ${initial}`}
      label={t[name] as string}
      name={name}
      autoComplete={`shipping ${autoComplete}`}
      required
      defaultValue={draft[name] ?? initial}
      error={wrong(`shippingAddress.${name}`)}
    />
  );
  return (
    <fieldset className={styles.group}>
      <legend>
        <h2>{t.address}</h2>
      </legend>
      {field('name', 'name', customer?.name)}
      {field('street', 'street-address')}
      <div className={styles.pair}>
        {field('postalCode', 'postal-code')}
        {field('city', 'address-level2')}
      </div>
      <SelectField
        label={t.country}
        name="country"
        autoComplete="shipping country"
        defaultValue={draft['country'] ?? 'DE'}
        error={wrong('shippingAddress.country')}
      >
        {countries.map((code) => (
          <option key={code} value={code}>
            {names.of(code)}
          </option>
        ))}
      </SelectField>
    </fieldset>
  );
}

interface PaymentProps {
  draft: Record<string, string>;
  totalCents: number;
  card: Ref<CardForm>;
}

function Payment({ draft, totalCents, card }: PaymentProps) {
  const { checkout: t } = usePersonMessages();
  const { price } = useFormats();
  const balance = useQuery(credit).data?.balanceCents ?? 0;
  const method = draft['method'] === 'credit' && balance >= totalCents ? 'credit' : 'card';
  return (
    <fieldset className={styles.group}>
      <legend>
        <h2>{t.payment}</h2>
      </legend>
      <CheckField type="radio" name="method" value="card" label={t.card} checked={method === 'card'} readOnly />
      {method === 'card' && (
        <div className={styles.card}>
          {stripeKey === undefined ? (
            <TestCards chosen={draft['token']} />
          ) : (
            <Suspense fallback={<Bone shape="row" />}>
              <StripeCard ref={card} stripeKey={stripeKey} />
            </Suspense>
          )}
        </div>
      )}
      {balance > 0 && (
        <CheckField
          type="radio"
          name="method"
          value="credit"
          disabled={balance < totalCents}
          label={balance < totalCents ? `${t.credit(price(balance))}. ${t.creditShort}` : t.credit(price(balance))}
          checked={method === 'credit'}
          readOnly
        />
      )}
    </fieldset>
  );
}

function TestCards({ chosen = 'tok_ok' }: { chosen: string | undefined }) {
  const { checkout: t } = usePersonMessages();
  return (
    <SelectField label={t.testCard} hint={t.cardNote} name="token" defaultValue={chosen}>
      {Object.entries(t.tokens).map(([token, name]) => (
        <option key={token} value={token}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
