// A fake of js.stripe.com: its script, its card form in a frame, and the call that makes a token of a card number.
import type { BrowserContext } from '@playwright/test';

/** Stripe's test card numbers, and the payment methods of the fake Stripe API that they become. */
const cards: Record<string, string> = {
  '4242424242424242': 'pm_card_visa',
  '4000000000000002': 'pm_of_tok_chargeDeclined',
  '4000002500003155': 'pm_card_authenticationRequired',
};

const script = `
window.Stripe = Object.assign((key) => ({
  elements: () => ({
    create: () => {
      const frame = document.createElement('iframe');
      frame.title = 'Secure card payment input frame';
      frame.src = 'https://js.stripe.com/fake/card.html';
      return {
        frame,
        on: () => undefined,
        update: () => undefined,
        mount: (node) => node.append(frame),
        focus: () => frame.focus(),
        destroy: () => frame.remove(),
      };
    },
  }),
  createPaymentMethod: async ({ card }) => {
    const number = await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      card.frame.contentWindow.postMessage('number', 'https://js.stripe.com', [port2]);
    });
    const body = new URLSearchParams({ key, number });
    const response = await fetch('https://api.stripe.com/v1/payment_methods', { method: 'POST', body });
    const answer = await response.json();
    return response.ok ? { paymentMethod: answer } : { error: answer.error };
  },
}), { version: 'endive' });
`;

const form = `<!doctype html><html lang="en"><title>Card</title><body>
<label>Card number <input inputmode="numeric"></label>
<script>
onmessage = ({ ports }) => ports[0].postMessage(document.querySelector('input').value);
</script></body></html>`;

export const cardNumberIn = 'iframe[title="Secure card payment input frame"]';

export async function playStripe(context: BrowserContext) {
  /** Of every request for its script. */
  const loads: string[] = [];
  const keys: (string | null)[] = [];
  await context.route('https://js.stripe.com/**', async (route) => {
    if (route.request().resourceType() !== 'script') return route.fulfill({ contentType: 'text/html', body: form });
    loads.push(route.request().url());
    await route.fulfill({ contentType: 'text/javascript', body: script });
  });
  await context.route('https://api.stripe.com/v1/payment_methods', async (route) => {
    const asked = new URLSearchParams(route.request().postData() ?? '');
    keys.push(asked.get('key'));
    const id = cards[asked.get('number') ?? ''];
    await route.fulfill({
      status: id ? 200 : 402,
      headers: { 'access-control-allow-origin': '*' },
      json: id ? { id } : { error: { message: 'Your card number is incomplete.' } },
    });
  });
  return { loads, keys };
}
