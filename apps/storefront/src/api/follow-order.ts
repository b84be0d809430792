// Follows an order's progress by server-sent events, or by polling where events do not arrive.
import type { Order } from '@shop/contracts/orders';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { order } from './queries.js';

const ASK_MS = 2000;
/** Without an event for this long, polling starts. */
const PATIENCE_MS = 5000;

export function isFinal({ status }: Order): boolean {
  return status !== 'new' && status !== 'pending';
}

export function useOrder(id: string) {
  const client = useQueryClient();
  const [byEvents, setByEvents] = useState(true);
  const query = useQuery({
    ...order(id),
    refetchInterval: ({ state }) => !byEvents && state.data && !isFinal(state.data) && ASK_MS,
  });
  const underWay = query.data !== undefined && !isFinal(query.data);
  useEffect(() => {
    if (!underWay || !byEvents) return;
    const source = new EventSource(`/api/orders/${id}/events`);
    const impatient = setTimeout(() => setByEvents(false), PATIENCE_MS);
    source.addEventListener('status', (event: MessageEvent<string>) => {
      clearTimeout(impatient);
      const now = JSON.parse(event.data) as Order;
      // Events do not contain the customer, whom staff see.
      client.setQueryData(order(id).queryKey, (before) => ({ ...before, ...now }));
    });
    // EventSource reconnects by itself, unless the server refused.
    source.onerror = () => source.readyState === EventSource.CLOSED && setByEvents(false);
    return () => {
      clearTimeout(impatient);
      source.close();
    };
  }, [id, underWay, byEvents, client]);
  return query;
}
