import { start } from '@shop/kit/start';
import { catalog } from './catalog.module.js';

await start(catalog);
