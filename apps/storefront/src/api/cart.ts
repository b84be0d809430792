// Cart changes. The response is the new cart; other tabs of this browser are notified to refetch.
import type { Cart } from '@shop/contracts/carts';
import { MAX_QUANTITY } from '@shop/contracts/limits';
import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { send } from './client.js';
import { cart } from './queries.js';

const tabs = new BroadcastChannel('cart');

export interface LineChange {
  /** The product's id. */
  product: string;
  quantity: number;
  /** In addition to those in the cart. */
  more?: boolean;
}

export function useSetLine() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ product, quantity, more }: LineChange) => {
      const there = more ? quantityOf((await client.ensureQueryData(cart)).lines, product) : 0;
      const body = { quantity: Math.min(there + quantity, MAX_QUANTITY) };
      return send<Cart>('PUT', `/api/cart/lines/${product}`, { body });
    },
    // Sequentially, so that the last change wins.
    scope: { id: 'cart' },
    onSuccess: (changed) => showCart(client, changed),
  });
}

export function showCart(client: QueryClient, changed: Cart): void {
  void client.cancelQueries(cart);
  client.setQueryData(cart.queryKey, changed);
  tellTabs();
}

export function tellTabs(): void {
  tabs.postMessage('changed');
}

/** Another tab may have logged in or out as well. */
export function listenToTabs(client: QueryClient): void {
  tabs.onmessage = () => {
    void client.invalidateQueries(cart);
    void client.invalidateQueries({ queryKey: ['session'] });
  };
}

/** The quantity of a product in the cart. */
export function quantityOf(lines: Cart['lines'] | undefined, productId: string): number {
  return lines?.find((line) => line.productId === productId)?.quantity ?? 0;
}
