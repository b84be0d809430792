// npm start: the whole shop as one process, with its own Postgres and Redis.
import { main, whenAborted } from './interrupt.ts';
import { announce, progressOfImages, shopPorts, startShopProcess } from './shop-process.ts';
import { logFile, openShop, sayStopping } from './shop.ts';
import { Failure, parseOptions, step } from './terminal.ts';

await main(async (interrupt) => {
  const options = parseOptions('npm start [-- --no-build]', { 'no-build': { type: 'boolean' } });
  const shop = await openShop({ command: 'npm start', ports: shopPorts(), build: !options['no-build'], interrupt });
  try {
    const service = startShopProcess(shop);
    const asked = whenAborted(interrupt.asked);
    try {
      await shop.claim.setChildren([service.pid]);
      await Promise.race([step('Starting the shop', () => service.ready()), asked]);
      if (!interrupt.asked.aborted) await announce(shop);
      void progressOfImages(shop, interrupt.asked);
      const how = await Promise.race([service.crashed, asked]);
      if (how)
        throw new Failure(
          `The shop ended by itself (${how}). Its last lines, from ${logFile('shop')}:\n${service.lastWords()}`,
        );
      sayStopping();
    } finally {
      await service.stop(interrupt.hurry);
    }
  } finally {
    await shop.close();
  }
  return 0;
});
