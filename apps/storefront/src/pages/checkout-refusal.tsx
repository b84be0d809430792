// Why an order was refused, and what to do next.
import type { Cart } from '@shop/contracts/carts';
import { useSetLine } from '../api/cart.js';
import { ApiError } from '../api/client.js';
import { useFormats } from '../i18n/i18n.js';
import { usePersonMessages } from '../i18n/person.js';
import { focusHeading } from '../page-title.js';
import { Button } from '../ui/button.js';
import { ErrorNotice, Notice } from '../ui/notice.js';

interface RefusalProps {
  error: unknown;
  cart: Cart;
  /** The total the customer agreed to. */
  seenCents: number | undefined;
}

export function CheckoutRefusal({ error, cart, seenCents = 0 }: RefusalProps) {
  const { checkout: t } = usePersonMessages();
  const { price } = useFormats();
  if (error instanceof ApiError && error.code === 'price_changed')
    return (
      <Notice tone="warn">
        <p>{t.priceChanged(price(seenCents), price(error.problem.totalCents ?? cart.totalCents))}</p>
      </Notice>
    );
  if (error instanceof ApiError && error.code === 'out_of_stock')
    return <OutOfStock cart={cart} productIds={error.problem.productIds ?? []} />;
  // The page navigates to that order.
  if (error instanceof ApiError && error.code === 'cart_already_ordered') return null;
  return <ErrorNotice error={error} />;
}

function OutOfStock({ cart, productIds }: { cart: Cart; productIds: string[] }) {
  const { checkout: t } = usePersonMessages();
  const setLine = useSetLine();
  const missing = cart.lines.filter(({ productId }) => productIds.includes(productId));
  if (missing.length === 0) return null;
  const takeOut = () => {
    for (const { productId } of missing) setLine.mutate({ product: productId, quantity: 0 });
    // The button disappears with the removed line.
    focusHeading();
  };
  return (
    <Notice tone="warn">
      <p>{t.outOfStock}</p>
      <ul>
        {missing.map(({ productId, name }) => (
          <li key={productId}>
            <strong>{name}</strong>
          </li>
        ))}
      </ul>
      <p>{t.outOfStockHint}</p>
      <Button look="secondary" onClick={takeOut}>
        {t.takeOut}
      </Button>
      <ErrorNotice error={setLine.error} />
    </Notice>
  );
}
