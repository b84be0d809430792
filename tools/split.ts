// npm run start:split -- --replicas catalog=3,orders=2: one process per service, or several.
import { join } from 'node:path';
import { dataDir } from './data-dir.ts';
import { main, whenAborted } from './interrupt.ts';
import { parseReplicas, placeReplicas, type Place } from './replicas.ts';
import { banner, openShop, portOf, sayStopping } from './shop.ts';
import { startSplit, type Split } from './split-services.ts';
import { parseOptions, step } from './terminal.ts';

await main(async (interrupt) => {
  const usage = 'npm run start:split -- [--replicas catalog=3,orders=2] [--no-build]';
  const options = parseOptions(usage, { replicas: { type: 'string', default: '' }, 'no-build': { type: 'boolean' } });
  const places = await placeReplicas(parseReplicas(options.replicas), 'usual', portOf('PORT', 3000));
  const shop = await openShop({
    command: 'npm run start:split',
    ports: portsOf(places),
    build: !options['no-build'],
    interrupt,
  });
  try {
    const logDir = join(dataDir, 'log');
    const tell = (line: string) => void shop.claim.setChildren(pidsOf(split)).then(() => console.error(line));
    const split: Split = startSplit({ places, env: shop.env, logDir, onRestart: tell });
    try {
      await shop.claim.setChildren(pidsOf(split));
      const asked = whenAborted(interrupt.asked);
      await Promise.race([step(`Starting ${places.length} processes`, () => split.ready()), asked]);
      if (!interrupt.asked.aborted) await shop.claim.setAddress(split.gateways[0] ?? '');
      if (!interrupt.asked.aborted) announce(split, shop.env, logDir);
      await asked;
      sayStopping();
    } finally {
      await split.stop(interrupt.hurry);
    }
  } finally {
    await shop.close();
  }
  return 0;
});

function pidsOf({ processes }: Split): number[] {
  return processes.map(({ pid }) => pid);
}

function portsOf(places: readonly Place[]): Record<string, number> {
  const uses = places.flatMap(({ service, replica, port, opsPort, rpcPort }): [string, number | undefined][] => [
    [replica === 1 ? 'PORT' : `gateway ${replica}`, port],
    [`${service} ${replica}, operations`, opsPort],
    [`${service} ${replica}, RPC`, rpcPort],
  ]);
  return Object.fromEntries(uses.filter((use): use is [string, number] => use[1] !== undefined));
}

function announce({ gateways, processes }: Split, env: NodeJS.ProcessEnv, logDir: string): void {
  const rows = processes.map(({ service, replica, pid, port, rpcPort, opsPort }): string => {
    const ports = [port && `port ${port}`, rpcPort && `rpc ${rpcPort}`, `ops ${opsPort}`].filter(Boolean).join(', ');
    return `${`${service} ${replica}`.padEnd(16)}${ports.padEnd(26)}pid ${pid}`;
  });
  banner(env, [
    ['The shop', gateways.join('  ')],
    ...rows.map((row, index): [string, string] => [index === 0 ? 'Processes' : '', row]),
    ['Data', dataDir],
    ['Logs', `${logDir}; warnings and errors are shown here too`],
  ]);
}
