// The shipping address, and for staff the customer.
import type { ShippingAddress } from '@shop/contracts/orders';
import type { StaffOrder } from '@shop/contracts/staff';
import { Link } from '@tanstack/react-router';
import { useLanguage } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import styles from './order.module.css';

export function OrderPeople({ order }: { order: StaffOrder }) {
  const { order: t } = usePersonMessages();
  const { shippingAddress, customerId } = order;
  if (!shippingAddress && customerId === undefined) return null;
  return (
    <dl className={styles.people}>
      {shippingAddress && (
        <div>
          <dt>{t.shippingAddress}</dt>
          <dd>
            <Address {...shippingAddress} />
          </dd>
        </div>
      )}
      {customerId !== undefined && (
        <div>
          <dt>{t.orderedBy}</dt>
          <dd>
            <CustomerOf order={order} />
            <br />
            <Link to="/manage/orders" search={{ q: order.customer?.email ?? customerId }}>
              {t.allOrdersOfCustomer}
            </Link>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** The customer's name and e-mail address. */
export function CustomerOf({ order: { customer } }: { order: StaffOrder }) {
  const { order: t } = usePersonMessages();
  if (!customer)
    return <span className={styles.note}>{customer === null ? t.customerDeleted : t.customerUnknown}</span>;
  return (
    <>
      {customer.name}
      <br />
      <span className={styles.note}>{customer.email}</span>
    </>
  );
}

function Address({ name, street, postalCode, city, country }: ShippingAddress) {
  const countries = new Intl.DisplayNames(useLanguage(), { type: 'region' });
  return (
    <address className={styles.address}>
      {name}
      <br />
      {street}
      <br />
      {postalCode} {city}
      <br />
      {countries.of(country)}
    </address>
  );
}
