// The progress of an order, also announced to screen readers when it changes.
import type { Order } from '@shop/contracts/orders';
import { isFinal } from '../api/follow-order.js';
import { usePersonMessages } from '../i18n/person.js';
import { CheckIcon, CloseIcon } from '../ui/icons.js';
import styles from './order-progress.module.css';

type Step = 'done' | 'current' | 'open' | 'failed';

function stepsOf({ status }: Order): Record<'received' | 'payment' | 'done', Step> {
  switch (status) {
    case 'new':
      return { received: 'current', payment: 'open', done: 'open' };
    case 'pending':
      return { received: 'done', payment: 'current', done: 'open' };
    case 'rejected':
      return { received: 'done', payment: 'failed', done: 'open' };
    default:
      return { received: 'done', payment: 'done', done: 'done' };
  }
}

export function OrderProgress({ order, thanks }: { order: Order; thanks: boolean }) {
  const { order: t } = usePersonMessages();
  const steps = stepsOf(order);
  return (
    <section className={styles.progress}>
      <p role="status" className={styles.status} data-status={order.status}>
        {order.status === 'paid' && thanks && `${t.thanks} `}
        {t.status[order.status]}
      </p>
      {order.status !== 'refunded' && (
        <ol className={styles.steps}>
          {Object.entries(steps).map(([name, step]) => (
            <li
              key={name}
              className={styles.step}
              data-step={step}
              aria-current={step === 'current' ? 'step' : undefined}
            >
              <span className={styles.mark}>
                {step === 'done' && <CheckIcon />}
                {step === 'failed' && <CloseIcon />}
              </span>
              {t.steps[name as keyof typeof t.steps]}
            </li>
          ))}
        </ol>
      )}
      {!isFinal(order) && <p className={styles.note}>{t.live}</p>}
    </section>
  );
}
