// A draft of the checkout form that survives reloads and log-ins, in this tab only.
const storeOf = (customerId: string) => `checkout-draft ${customerId}`;

export function readDraft(customerId: string): Record<string, string> {
  return JSON.parse(sessionStorage.getItem(storeOf(customerId)) ?? '{}') as Record<string, string>;
}

export function keepDraft(customerId: string, draft: Record<string, string>): Record<string, string> {
  sessionStorage.setItem(storeOf(customerId), JSON.stringify(draft));
  return draft;
}
