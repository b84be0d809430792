// Measures contenders in turn, round after round, so that changes of the machine's speed affect all alike.
import type { Drive } from './http-load.ts';
import { median, spread } from './statistics.ts';

export interface Contender {
  name: string;
  url: string;
  /** CPU of each process behind it so far, in µs, by name. */
  cpu: Record<string, () => number>;
}

export interface Rounds {
  /** One value per round: CPU of all processes in µs. */
  cpuPerRequest: number[];
  perSecond: number[];
  parts: Record<string, number[]>;
}

export interface RoundsOptions {
  drive: Drive;
  connections: number;
  rounds: number;
  seconds: number;
}

/** Time for V8 to compile hot code. */
const WARM_UP_SECONDS = 10;

export async function inTurns<const N extends string>(
  contenders: Record<N, Contender>,
  { drive, connections, rounds, seconds }: RoundsOptions,
): Promise<Record<N, Rounds>> {
  const all = Object.entries(contenders) as [N, Contender][];
  const results = Object.fromEntries(
    all.map(([key, { cpu }]) => {
      const parts = Object.fromEntries(Object.keys(cpu).map((part) => [part, [] as number[]]));
      return [key, { cpuPerRequest: [], perSecond: [], parts } satisfies Rounds];
    }),
  ) as unknown as Record<N, Rounds>;
  for (const [, { url }] of all) await drive(url, connections, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round++)
    for (const [key, { url, cpu }] of all) {
      const before = Object.values(cpu).map((used) => used());
      const { requests, perSecond } = await drive(url, connections, seconds);
      const used = Object.entries(cpu).map(([part, now], i) => [part, (now() - before[i]!) / requests] as const);
      for (const [part, micros] of used) results[key].parts[part]!.push(micros);
      results[key].cpuPerRequest.push(used.reduce((sum, [, micros]) => sum + micros, 0));
      results[key].perSecond.push(perSecond);
    }
  for (const [key, { name }] of all) {
    const { cpuPerRequest, perSecond, parts } = results[key];
    const each = Object.entries(parts).map(([part, micros]) => `${part} ${median(micros).toFixed(1)}`);
    const ofWhich = each.length > 1 ? ` (${each.join(', ')})` : '';
    console.log(`${name.padEnd(34)} ${spread(cpuPerRequest)} µs CPU per request${ofWhich}, ${spread(perSecond, 0)}/s`);
  }
  return results;
}

/** Ratios by round, because both were measured one directly after the other. */
export function ratios(above: number[], below: number[]): number[] {
  return above.map((value, round) => value / below[round]!);
}
