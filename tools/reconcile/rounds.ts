// npm run reconcile -- --every: rounds with metrics and a file that stores their progress.
import { mkdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { chargeCount, chargesIn } from './provider-charges.ts';
import { firstProgress, reconcileRound, type Progress, type ReconcileOptions, type Round } from './reconciliation.ts';
import { Failure } from '../terminal.ts';

interface Schedule {
  everySeconds: number;
  port: number | undefined;
  stateFile: string;
  end: AbortSignal;
}

export async function reconcileInRounds(options: ReconcileOptions, schedule: Schedule): Promise<void> {
  const { everySeconds, port, stateFile, end } = schedule;
  let progress = await readProgress(stateFile);
  let metrics = '';
  let known = new Set<string>();
  const server = createServer((request, response) =>
    request.url === '/metrics'
      ? response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metrics)
      : response.writeHead(404).end(),
  );
  if (port !== undefined) await listen(server, port);
  while (!end.aborted) {
    try {
      const round = await reconcileRound(options, progress);
      report(round, known);
      known = new Set(round.disagreements);
      metrics = metricsOf(round);
      progress = round.next;
      await writeFileAtomic(stateFile, JSON.stringify(progress), { mode: 0o600 });
    } catch (error) {
      // An unreachable database is no disagreement; the metric with the time of the last round shows it.
      console.error(error instanceof Error ? error.message : error);
    }
    await sleep(everySeconds * 1000, undefined, { signal: end }).catch(() => {});
  }
  server.close();
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    await once(server.listen(port, process.env['HOST'] || '127.0.0.1'), 'listening');
  } catch (error) {
    throw new Failure(`--port ${port}: ${(error as Error).message}`);
  }
}

/** Prints each disagreement once, and once more when it is resolved. */
function report({ orders, listing, disagreements, next, passSince }: Round, known: Set<string>): void {
  for (const line of disagreements) if (!known.has(line)) console.log(line);
  const now = new Set(disagreements);
  for (const line of known) if (!now.has(line)) console.log(`resolved: ${line}`);
  const { stream, after } = next.pass;
  const pass = passSince ? `everything compared since ${passSince}` : `everything compared up to ${stream} ${after}`;
  console.log(`${orders} orders, ${chargesIn(listing)}, ${disagreements.length} disagreements; ${pass}`);
}

async function readProgress(file: string): Promise<Progress> {
  await mkdir(dirname(file), { recursive: true });
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (text === undefined) return firstProgress();
  try {
    return JSON.parse(text) as Progress;
  } catch {
    throw new Failure(`${file} is not a valid progress file. Remove it to start from the beginning.`);
  }
}

function metricsOf({ orders, listing, disagreements, next: { passedAt } }: Round): string {
  const rows: [name: string, help: string, value: number][] = [
    ['reconcile_orders', 'Comparisons of orders in the last round; one that is new and unfinished has two', orders],
    ['reconcile_charges', 'Charges of the payment provider compared in the last round', chargeCount(listing)],
    ['reconcile_disagreements', 'Disagreements found', disagreements.length],
    ['reconcile_last_run_timestamp_seconds', 'When the last round ended', Math.floor(Date.now() / 1000)],
    [
      'reconcile_last_pass_timestamp_seconds',
      'End of the last pass through everything, 0 if none',
      Math.floor(new Date(passedAt ?? 0).getTime() / 1000),
    ],
  ];
  return rows.map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`).join('');
}
