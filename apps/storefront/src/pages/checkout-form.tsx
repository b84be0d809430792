import type { OrderRequest, ShippingAddress } from '@shop/contracts/orders';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { credit } from '../api/queries.js';
import { useCustomer } from '../api/session.js';
import { useFormats, useLanguage } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { Button } from '../ui/button.js';
import { CheckField, SelectField, TextField } from '../ui/field.js';
import { Form, useFieldErrors } from '../ui/form.js';
import { keepDraft, readDraft } from './checkout-draft.js';
import styles from './checkout.module.css';

interface CheckoutFormProps {
  totalCents: number;
  error: unknown;
  busy: boolean;
  /** An attempt without an answer comes first. */
  blocked: boolean;
  submit: (request: Omit<OrderRequest, 'expectedTotalCents'>) => void;
}

export function CheckoutForm({ totalCents, error, busy, blocked, submit }: CheckoutFormProps) {
  const { checkout: t } = usePersonMessages();
  const { price } = useFormats();
  const [draft, setDraft] = useState(readDraft);
  const change = (name: string, value: string) => setDraft(keepDraft({ ...draft, [name]: value }));
  const onData = ({ method, token, ...address }: Record<string, string>) =>
    submit({
      payment: method === 'credit' ? { method } : { method: 'card', token: token ?? 'tok_ok' },
      shippingAddress: address as ShippingAddress,
    });
  return (
    <Form
      className={styles.form}
      error={error}
      onData={onData}
      onChange={({ target }) => {
        const { name, value } = target as unknown as HTMLInputElement;
        change(name, value);
      }}
    >
      <fieldset disabled={busy || blocked} className={styles.fields}>
        <Address draft={draft} error={error} />
        <Payment draft={draft} totalCents={totalCents} />
        <Button type="submit" wide>
          {busy ? t.ordering : t.order(price(totalCents))}
        </Button>
      </fieldset>
    </Form>
  );
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

function Payment({ draft, totalCents }: { draft: Record<string, string>; totalCents: number }) {
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
          <SelectField label={t.testCard} hint={t.cardNote} name="token" defaultValue={draft['token'] ?? 'tok_ok'}>
            {Object.entries(t.tokens).map(([token, name]) => (
              <option key={token} value={token}>
                {name}
              </option>
            ))}
          </SelectField>
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
