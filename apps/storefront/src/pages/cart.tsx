import type { CartLine } from '@shop/contracts/carts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useSetLine } from '../api/cart.js';
import { cart } from '../api/queries.js';
import { useFormats, useMessages } from '../i18n/i18n.js';
import { focusHeading, usePageTitle } from '../page-title.js';
import { Button, ButtonLink } from '../ui/button.js';
import { Empty, ErrorNotice } from '../ui/notice.js';
import { Quantity } from '../ui/quantity.js';
import { useSay } from '../ui/say.js';
import { Rows } from '../ui/skeleton.js';
import { LineImage } from './line-image.js';
import styles from './cart.module.css';

export function CartPage() {
  const { cart: t } = useMessages();
  usePageTitle(t.title);
  const { data, error, refetch } = useQuery(cart);
  useFocusAfterRemoval(data?.lines.length ?? 0);
  if (data?.lines.length === 0)
    return (
      <Empty title={t.empty} hint={t.emptyHint}>
        <ButtonLink to="/products">{t.browse}</ButtonLink>
      </Empty>
    );
  return (
    <div className={`page ${styles.cart}`}>
      <h1 tabIndex={-1}>{t.title}</h1>
      {data ? (
        <div className={styles.columns}>
          <ul className={styles.lines}>
            {data.lines.map((line) => (
              <Line key={line.productId} line={line} />
            ))}
          </ul>
          <Summary totalCents={data.totalCents} />
        </div>
      ) : error ? (
        <ErrorNotice error={error} retry={() => void refetch()} />
      ) : (
        <Rows />
      )}
    </div>
  );
}

/** Restores the focus after its line is removed. */
function useFocusAfterRemoval(lines: number): void {
  const before = useRef(lines);
  useEffect(() => {
    if (lines < before.current && document.activeElement === document.body) focusHeading();
    before.current = lines;
  }, [lines]);
}

function Line({ line }: { line: CartLine }) {
  const t = useMessages();
  const { price } = useFormats();
  const say = useSay();
  const setLine = useSetLine();
  const { productId: product, quantity } = line;
  const remove = () =>
    setLine.mutate(
      { product, quantity: 0 },
      {
        onSuccess: () =>
          say(
            t.cart.removed(line.name),
            <button type="button" onClick={() => setLine.mutate({ product, quantity })}>
              {t.cart.undo}
            </button>,
          ),
      },
    );
  // Optimistic: shows the requested quantity until the response arrives.
  const shown = setLine.isPending && setLine.variables.quantity > 0 ? setLine.variables.quantity : quantity;
  return (
    <li className={styles.line}>
      <LineImage slug={line.slug} />
      <div className={styles.what}>
        <Link to="/products/$product" params={{ product: line.slug }} className={styles.name}>
          {line.name}
        </Link>
        <span className={styles.each}>{t.cart.each(price(line.priceCents))}</span>
        {!line.inStock && <p className={styles.short}>{t.cart.notEnough}</p>}
        <ErrorNotice error={setLine.error} />
      </div>
      <strong className={styles.lineTotal}>{price(line.lineTotalCents)}</strong>
      <div className={styles.change}>
        <Quantity value={shown} of={line.name} onChange={(next) => setLine.mutate({ product, quantity: next })} />
        <Button look="quiet" onClick={remove} aria-label={`${t.common.remove}: ${line.name}`}>
          {t.common.remove}
        </Button>
      </div>
    </li>
  );
}

function Summary({ totalCents }: { totalCents: number }) {
  const t = useMessages();
  const { price } = useFormats();
  return (
    <section className={styles.summary} aria-label={t.cart.summary}>
      <p className={styles.total}>
        <span>{t.common.total}</span>
        <strong role="status">{price(totalCents)}</strong>
      </p>
      <p className={styles.note}>{t.cart.note}</p>
      <ButtonLink to="/checkout" wide>
        {t.cart.checkout}
      </ButtonLink>
    </section>
  );
}
