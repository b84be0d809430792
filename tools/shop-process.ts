// The whole shop as one process, for `npm start` and `npm run dev`.
import { dataDir } from './data-dir.ts';
import { followImages } from './images-progress.ts';
import { startProcess, type ServiceProcess } from './service-process.ts';
import { addressOf, banner, logFile, portOf, type Shop } from './shop.ts';

/** The ports of the shop in one process, by the variable that changes each. */
export function shopPorts(): { PORT: number; OPS_PORT: number } {
  return { PORT: portOf('PORT', 3000), OPS_PORT: portOf('OPS_PORT', 9100) };
}

export function startShopProcess({ env }: Shop): ServiceProcess {
  const { PORT, OPS_PORT } = shopPorts();
  return startProcess({
    app: 'all',
    label: 'shop',
    env: { ...env, PORT: String(PORT), OPS_PORT: String(OPS_PORT) },
    opsUrl: addressOf(OPS_PORT),
    logFile: logFile('shop'),
  });
}

export async function announce({ env, claim }: Shop): Promise<void> {
  const { PORT, OPS_PORT } = shopPorts();
  const address = addressOf(PORT, 'friendly');
  await claim.setAddress(address);
  banner(env, [
    ['The shop', `${address}    API: ${address}/api/docs`],
    ['Operations', `${addressOf(OPS_PORT, 'friendly')}/readyz, /livez, /metrics`],
    ['Data', `${dataDir} (delete it to start afresh)`],
    ['Log', `${logFile('shop')}; warnings and errors are shown here too`],
  ]);
}

/** The demo shop's images are processed while it serves. */
export async function progressOfImages({ env }: Shop, end: AbortSignal): Promise<void> {
  if (env['SEED'] === 'demo' && env['SEED_IMAGES'] !== 'off') await followImages(addressOf(shopPorts().OPS_PORT), end);
}
