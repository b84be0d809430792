// What was entered so far, kept over a reload and a log-in, in this tab only.
const STORE = 'checkout-draft';

export function readDraft(): Record<string, string> {
  return JSON.parse(sessionStorage.getItem(STORE) ?? '{}') as Record<string, string>;
}

export function keepDraft(draft: Record<string, string>): Record<string, string> {
  sessionStorage.setItem(STORE, JSON.stringify(draft));
  return draft;
}
