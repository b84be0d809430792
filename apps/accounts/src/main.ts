import { start } from '@shop/kit/start';
import { accounts } from './accounts.module.js';

await start(accounts);
