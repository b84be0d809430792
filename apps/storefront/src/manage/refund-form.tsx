import type { Order } from '@shop/contracts/orders';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { send } from '../api/client.js';
import { useFormats, useMessages } from '../i18n/i18n.js';
import { Button } from '../ui/button.js';
import { TextField } from '../ui/field.js';
import { Form, useFieldErrors } from '../ui/form.js';
import { ErrorNotice } from '../ui/notice.js';
import { useSay } from '../ui/say.js';
import { shortId } from '../pages/order-id.js';
import { centsOf } from './money.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

export function RefundForm({ order, close }: { order: Order; close: () => void }) {
  const t = useWords();
  const { common } = useMessages();
  const { price } = useFormats();
  const say = useSay();
  const client = useQueryClient();
  // One key per amount and reason, so that repeated clicks make one refund.
  const attempt = useRef({ body: '', key: '' });
  const refund = useMutation({
    mutationFn: (body: object) => {
      const text = JSON.stringify(body);
      if (attempt.current.body !== text) attempt.current = { body: text, key: crypto.randomUUID() };
      const headers = { 'idempotency-key': attempt.current.key };
      return send<Order>('POST', `/api/orders/${order.id}/refunds`, { body, headers });
    },
    onSuccess: () => {
      say(t.refundTaken);
      // The refund is paid out shortly afterwards.
      for (const wait of [0, 1500, 5000])
        setTimeout(() => void client.invalidateQueries({ queryKey: ['manage'] }), wait);
      close();
    },
  });
  const wrong = useFieldErrors(refund.error);
  const onData = ({ amount = '', reason = '' }: Record<string, string>) =>
    refund.mutate({ ...(amount.trim() && { amountCents: centsOf(amount) }), reason });
  return (
    <section className={styles.card}>
      <h2>
        {t.refundTitle}: {shortId(order.id)}
      </h2>
      <Form className={styles.form} error={refund.error} onData={onData}>
        <TextField
          label={t.amount}
          name="amount"
          inputMode="decimal"
          autoComplete="off"
          autoFocus
          hint={t.amountHint(price(order.totalCents - order.refundedCents))}
          error={wrong('amountCents')}
        />
        <TextField label={t.reason} name="reason" required error={wrong('reason')} />
        <ErrorNotice error={refund.error} />
        <div className={styles.buttons}>
          <Button type="submit" disabled={refund.isPending}>
            {t.refund}
          </Button>
          <Button look="secondary" onClick={close}>
            {common.cancel}
          </Button>
        </div>
      </Form>
    </section>
  );
}
