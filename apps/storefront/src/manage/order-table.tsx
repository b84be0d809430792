import type { StaffOrder } from '@shop/contracts/staff';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useFormats } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { shortId } from '../pages/order-id.js';
import { CustomerOf } from '../pages/order-people.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

interface OrderTableProps {
  orders: StaffOrder[];
  /** Buttons for one order. */
  action?: (order: StaffOrder) => ReactNode;
}

export function OrderTable({ orders, action }: OrderTableProps) {
  const t = useWords();
  const messages = usePersonMessages();
  const { price, time } = useFormats();
  if (orders.length === 0) return <p>{t.noOrders}</p>;
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t.orders}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t.order}</th>
            <th scope="col">{t.customer}</th>
            <th scope="col" className={styles.wideOnly}>
              {t.placed}
            </th>
            <th scope="col">{t.orderStatus}</th>
            <th scope="col" className={styles.number}>
              {t.refunded}
            </th>
            <th scope="col" className={styles.number}>
              {t.total}
            </th>
            {action && (
              <th scope="col">
                <span className="visually-hidden">{t.refund}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <tr key={order.id}>
              <td>
                <Link to="/orders/$order" params={{ order: order.id }}>
                  {shortId(order.id)}
                </Link>
              </td>
              <td>
                <CustomerOf order={order} />
              </td>
              <td className={styles.wideOnly}>{time(order.createdAt)}</td>
              <td>{messages.order.status[order.status]}</td>
              <td className={styles.number}>{order.refundedCents > 0 ? price(order.refundedCents) : '–'}</td>
              <td className={styles.number}>{price(order.totalCents)}</td>
              {action && <td>{action(order)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
