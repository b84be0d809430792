// npm start: the whole shop as one process, with its own Postgres and Redis.
import { dataDir } from './data-dir.ts';
import { main, whenAborted } from './interrupt.ts';
import { startProcess } from './service-process.ts';
import { addressOf, banner, logFile, openShop, portOf, refuseArguments } from './shop.ts';
import { Failure, step } from './terminal.ts';

await main(async (interrupt) => {
  refuseArguments('npm start');
  const [port, opsPort] = [portOf('PORT', 3000), portOf('OPS_PORT', 9100)];
  const shop = await openShop({ command: 'npm start', ports: { PORT: port, OPS_PORT: opsPort }, interrupt });
  try {
    const env = { ...shop.env, PORT: String(port), OPS_PORT: String(opsPort) };
    const log = logFile('shop');
    const service = startProcess({ app: 'all', label: 'shop', env, opsUrl: addressOf(opsPort), logFile: log });
    await shop.claim.setChildren([service.pid]);
    const asked = whenAborted(interrupt.asked);
    try {
      await Promise.race([step('Starting the shop', () => service.ready()), asked]);
      if (!interrupt.asked.aborted) {
        const address = addressOf(port, 'localhost');
        await shop.claim.setAddress(address);
        banner(env, [
          ['The shop', `${address}    API: ${address}/api/docs`],
          ['Operations', `${addressOf(opsPort, 'localhost')}/readyz, /livez, /metrics`],
          ['Data', `${dataDir} (delete it to start afresh)`],
          ['Log', `${log}; warnings and errors are shown here too`],
        ]);
        const how = await Promise.race([service.ended, asked]);
        if (how)
          throw new Failure(
            `The shop ended by itself (${how}). Its last lines, out of ${log}:\n${service.lastWords()}`,
          );
      }
    } finally {
      if (interrupt.asked.aborted) console.log('\nStopping; Ctrl-C again to hurry.');
      await service.stop(interrupt.hurry);
    }
  } finally {
    await shop.close();
  }
  return 0;
});
