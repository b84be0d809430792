import type { Order } from '@shop/contracts/orders';
import type { StaffOrder } from '@shop/contracts/staff';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { quantityOf, showCart } from '../api/cart.js';
import { ApiError, get, send } from '../api/client.js';
import type { Cart } from '@shop/contracts/carts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { isFinal, useOrder } from '../api/follow-order.js';
import { MAX_QUANTITY } from '@shop/contracts/limits';
import { useFormats } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { usePageTitle } from '../page-title.js';
import { Button, ButtonLink } from '../ui/button.js';
import { Empty, ErrorNotice, Notice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import { LineImage } from './line-image.js';
import { shortId } from './order-id.js';
import { OrderPeople } from './order-people.js';
import { OrderProgress } from './order-progress.js';
import styles from './order.module.css';

const route = getRouteApi('/person/orders/$order');

export function OrderPage() {
  const t = usePersonMessages();
  const { order: id } = route.useParams();
  const { data, error, refetch } = useOrder(id);
  usePageTitle(t.order.title(shortId(id)));
  if (error instanceof ApiError && error.code === 'not_found')
    return (
      <Empty title={t.order.missing} hint={t.order.missingHint}>
        <ButtonLink to="/orders">{t.orders.title}</ButtonLink>
      </Empty>
    );
  return (
    <div className={`page ${styles.order}`}>
      <h1 tabIndex={-1}>{t.order.title(shortId(id))}</h1>
      {data ? <Shown order={data} /> : error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Rows />}
    </div>
  );
}

function Shown({ order }: { order: StaffOrder }) {
  const t = usePersonMessages();
  const { price, time } = useFormats();
  // Thanks only if the payment completed while the page was open.
  const [wasUnderWay] = useState(!isFinal(order));
  return (
    <>
      <p className={styles.note}>{t.order.placed(time(order.createdAt))}</p>
      <OrderProgress order={order} thanks={wasUnderWay} />
      {order.status === 'rejected' && <Rejected order={order} />}
      {order.refundedCents > 0 && (
        <Notice>
          <p>{t.order.refunded(price(order.refundedCents))}</p>
        </Notice>
      )}
      <ul className={styles.lines}>
        {order.lines.map((line) => (
          <li key={line.productId} className={styles.line}>
            <LineImage slug={line.slug} />
            <Link to="/products/$product" params={{ product: line.slug }}>
              {line.name}
            </Link>
            <span className={styles.amount}>
              {line.quantity} × {price(line.priceCents)}
            </span>
            <strong className={styles.price}>{price(line.lineTotalCents)}</strong>
          </li>
        ))}
      </ul>
      <p className={styles.total}>
        <span>{t.common.total}</span>
        <strong>{price(order.totalCents)}</strong>
      </p>
      <OrderPeople order={order} />
    </>
  );
}

function Rejected({ order }: { order: Order }) {
  const { order: t } = usePersonMessages();
  const client = useQueryClient();
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: () => putBack(order),
    onSuccess: (cart) => {
      showCart(client, cart);
      void navigate({ to: '/cart' });
    },
  });
  return (
    <Notice tone="bad">
      <p>{order.reason ? t.reasons[order.reason] : t.status.rejected}</p>
      <Button look="secondary" disabled={again.isPending} onClick={() => again.mutate()}>
        {t.again}
      </Button>
      <ErrorNotice error={again.error} />
    </Notice>
  );
}

/** Adds to the current cart; products that no longer exist are skipped. */
async function putBack({ lines }: Order): Promise<Cart> {
  let cart = await get<Cart>('/api/cart');
  for (const { productId, quantity } of lines) {
    const wanted = Math.min(quantityOf(cart.lines, productId) + quantity, MAX_QUANTITY);
    try {
      cart = await send<Cart>('PUT', `/api/cart/lines/${productId}`, { body: { quantity: wanted } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'not_found') throw error;
    }
  }
  return cart;
}
