// The flows of an ordinary day, weighted as in real shops: see README.md for the sources.
import { optionsFor } from '../options.ts';

export { summarise as handleSummary } from '../summary.ts';
export { account } from './account.ts';
export { browse } from './browse.ts';
export { cart } from './cart.ts';
export { order, setup } from './order.ts';
export { search } from './search.ts';

export const options = optionsFor({ browse: 853, search: 130, cart: 9, order: 4, account: 4 });
