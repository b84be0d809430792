// Changing the cart. What the shop answers is the cart; other tabs of this browser are told to look again.
import type { Cart } from '@shop/contracts/carts';
import { MAX_QUANTITY } from '@shop/contracts/limits';
import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { send } from './client.js';
import { cart } from './queries.js';

const tabs = new BroadcastChannel('cart');

export interface LineChange {
  /** Its id. */
  product: string;
  quantity: number;
  /** Beside those that are in the cart. */
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
    // One after the other: the last one wins.
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

/** Who is logged in may have changed in another tab too. */
export function listenToTabs(client: QueryClient): void {
  tabs.onmessage = () => {
    void client.invalidateQueries(cart);
    void client.invalidateQueries({ queryKey: ['session'] });
  };
}

/** How many of a product are in the cart. */
export function quantityOf(lines: Cart['lines'] | undefined, productId: string): number {
  return lines?.find((line) => line.productId === productId)?.quantity ?? 0;
}
