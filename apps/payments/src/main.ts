import { start } from '@shop/kit/start';
import { payments } from './payments.module.js';

await start(payments);
