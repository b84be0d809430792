import { start } from '@shop/kit/start';
import { orders } from './orders.module.js';

await start(orders);
