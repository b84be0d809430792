// The refunds of an order. A refund may fail at once, or days after it was made.
import type { Order } from '@shop/contracts/orders';
import type { Refund, RefundList } from '@shop/contracts/payments';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { get } from '../api/client.js';
import { useFormats } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { shortId } from '../pages/order-id.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

const EVERY_MS = 3000;

export function Refunds({ order, close }: { order: Order; close: () => void }) {
  const t = useWords();
  const { common } = usePersonMessages();
  const { data, error, refetch } = useQuery({
    queryKey: ['manage', 'refunds', order.id],
    queryFn: ({ signal }) => get<RefundList>(`/api/orders/${order.id}/refunds`, signal),
    refetchInterval: EVERY_MS,
  });
  const refunds = data?.items ?? [];
  const client = useQueryClient();
  const states = refunds.map(({ status }) => status).join();
  useEffect(() => void client.invalidateQueries({ queryKey: ['manage', 'orders'] }), [client, states]);
  return (
    <section className={styles.card} aria-labelledby="refunds">
      <h2 id="refunds">
        {t.refunds}: {shortId(order.id)}
      </h2>
      <ErrorNotice error={error} retry={() => void refetch()} />
      {data && refunds.length === 0 && <p>{t.noRefunds}</p>}
      {!data && !error && <Rows count={1} />}
      <ul className={styles.refunds}>
        {refunds.map((refund) => (
          <Shown key={refund.id} refund={refund} />
        ))}
      </ul>
      <div className={styles.buttons}>
        <Button look="secondary" onClick={close}>
          {common.close}
        </Button>
      </div>
    </section>
  );
}

function Shown({ refund: { amountCents, status, reason, failure, createdAt } }: { refund: Refund }) {
  const t = useWords();
  const { price, time } = useFormats();
  return (
    <li>
      <strong>{price(amountCents)}</strong> {t.refundStates[status]}
      {failure && ` (${failure})`} · {reason} · {time(createdAt)}
    </li>
  );
}
