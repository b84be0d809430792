import { start } from '@shop/kit/start';
import { gateway } from './gateway.module.js';

await start(gateway);
