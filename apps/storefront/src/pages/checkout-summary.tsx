import type { Cart } from '@shop/contracts/carts';
import { Link } from '@tanstack/react-router';
import { useFormats } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import styles from './checkout.module.css';

export function CheckoutSummary({ cart }: { cart: Cart }) {
  const t = usePersonMessages();
  const { price } = useFormats();
  return (
    <section className={styles.summary} aria-label={t.cart.summary}>
      <h2>{t.cart.summary}</h2>
      <ul className={styles.lines}>
        {cart.lines.map((line) => (
          <li key={line.productId} className={styles.line}>
            <span>
              {line.quantity} × {line.name}
              {!line.inStock && <span className={styles.short}>{t.cart.notEnough}</span>}
            </span>
            <span className={styles.price}>{price(line.lineTotalCents)}</span>
          </li>
        ))}
      </ul>
      <p className={styles.total}>
        <span>{t.common.total}</span>
        <strong>{price(cart.totalCents)}</strong>
      </p>
      <p className={styles.note}>{t.cart.note}</p>
      <Link to="/cart">{t.cart.title}</Link>
    </section>
  );
}
