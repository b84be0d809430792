import { start } from '@shop/kit/start';
import { imageWorker } from './image-worker.module.js';

await start(imageWorker);
