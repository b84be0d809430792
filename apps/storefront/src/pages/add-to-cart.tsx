import type { Product } from '@shop/contracts/products';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { quantityOf, useSetLine } from '../api/cart.js';
import { cart } from '../api/queries.js';
import { useMessages } from '../i18n/i18n.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/notice.js';
import { Quantity } from '../ui/quantity.js';
import { useSay } from '../ui/say.js';
import styles from './add-to-cart.module.css';

export function AddToCart({ product }: { product: Product }) {
  const t = useMessages();
  const say = useSay();
  const [quantity, setQuantity] = useState(1);
  const { data } = useQuery(cart);
  const setLine = useSetLine();
  const inCart = quantityOf(data?.lines, product.id);
  const add = () =>
    setLine.mutate(
      { product: product.id, quantity, more: true },
      {
        onSuccess: () => {
          setQuantity(1);
          say(t.product.added(product.name), <Link to="/cart">{t.product.toCart}</Link>);
        },
      },
    );
  if (!product.inStock) return null;
  return (
    <div className={styles.add}>
      <div className={styles.row}>
        <Quantity value={quantity} of={product.name} onChange={setQuantity} />
        <div className={styles.grow}>
          <Button wide disabled={setLine.isPending} onClick={add}>
            {setLine.isPending ? t.product.adding : t.product.addToCart}
          </Button>
        </div>
      </div>
      <p className={styles.inCart}>{inCart > 0 && t.product.inCart(inCart)}</p>
      <ErrorNotice error={setLine.error} />
    </div>
  );
}
