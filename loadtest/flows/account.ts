// Logging in, looking at orders and credit, logging out.
import { optionsFor } from '../options.ts';
import { learn } from '../shop.ts';
import { Visitor } from '../visitor.ts';

export { summarise as handleSummary } from '../summary.ts';
export { learn as setup };
export const options = optionsFor({ account: 1 });

const visitor = new Visitor('account');
let me: ReturnType<Visitor['register']> | undefined;

export function account(): void {
  me ??= visitor.register();
  const { id, email, password } = me;
  const logIn = visitor.send('POST', '/api/session', 'POST /api/session', { email, password });
  visitor.finds(logIn, 'the correct password logs its customer in', 200, (page) => page.json('customer.id') === id);
  const whoAmI = visitor.send('GET', '/api/session', 'GET /api/session');
  visitor.finds(whoAmI, 'a session returns its customer', 200, (page) => page.json('customer.id') === id);
  const orders = visitor.send('GET', '/api/orders', 'GET /api/orders');
  visitor.finds(orders, 'a new customer has no orders', 200, (page) => page.json('items.#') === 0);
  const credit = visitor.send('GET', '/api/credit', 'GET /api/credit');
  visitor.finds(credit, 'a new customer has no credit', 200, (page) => page.json('balanceCents') === 0);
  const logOut = visitor.send('DELETE', '/api/session', 'DELETE /api/session');
  visitor.finds(logOut, 'a session ends', 204);
  const whoNow = visitor.send('GET', '/api/session', 'GET /api/session');
  visitor.finds(
    whoNow,
    'after logging out, the session has no customer',
    200,
    (page) => page.json('customer') === null,
  );
}
