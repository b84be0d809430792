import { type CreditEntry, paymentsRpc } from '@shop/contracts/payments';
import type { StubHandlers } from '@shop/kit/testing/services';

/** Keeps store credit and accepts every event. */
export function fakePayments(): StubHandlers<typeof paymentsRpc> {
  const given = new Map<string, CreditEntry[]>();
  return {
    getCredit: ({ customerId }) => {
      const entries = given.get(customerId) ?? [];
      return { balanceCents: entries.reduce((sum, { amountCents }) => sum + amountCents, 0), entries };
    },
    giveCredit: ({ customerId, ...gift }) => {
      const id = `01900000-0000-7000-8000-${String(given.size + 1).padStart(12, 'e')}`;
      const entry = { id, ...gift, createdAt: '2026-11-20T10:00:00.000Z' };
      given.set(customerId, [entry, ...(given.get(customerId) ?? [])]);
      return entry;
    },
    receiveStripeEvent: () => ({ done: true }),
  };
}
