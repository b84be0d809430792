// Periodic work that no request triggers, such as sweeps.
import { setTimeout } from 'node:timers/promises';
import { SetMetadata } from '@nestjs/common';
import { newRequestId, runInContext } from '@shop/rpc/context';
import type { ConfigDefinition, ConfigOf } from './config.js';
import type { Log } from './log.js';
import { markedMethods } from './marked-methods.js';

const REPEATS_METADATA = 'shop:repeats';

/** Resolves to true when it has left work behind: the next round follows at once. */
type Round = () => Promise<boolean>;

interface Repeated {
  config: ConfigDefinition;
  name: string;
  seconds: (values: never) => number;
}

/**
 * Marks a method that start() repeats on every replica until the process ends, with `seconds` between the end of one
 * round and the start of the next, taken from the values of `config`. `name` is for the log.
 */
export function Repeats<D extends ConfigDefinition>(
  config: D,
  { name, seconds }: { name: string; seconds: (values: ConfigOf<D>) => number },
) {
  return <M extends Round>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void => {
    const repeated: Repeated = { config, name, seconds };
    SetMetadata(REPEATS_METADATA, repeated)(target, key, descriptor as PropertyDescriptor);
  };
}

/** Starts every method marked with @Repeats. The returned function stops them and waits for the rounds under way. */
export function startRepeating(
  instances: Iterable<object>,
  configs: ReadonlyMap<symbol, unknown>,
  log: Log,
): () => Promise<void> {
  const found = markedMethods<Repeated, Round>(instances, REPEATS_METADATA);
  const stops = found.map(({ mark: { config, name, seconds }, method }) =>
    repeat({ name, seconds: seconds(configs.get(config.token) as never), log }, method),
  );
  return async () => void (await Promise.all(stops.map((stop) => stop())));
}

export interface Repetition {
  /** For the log. */
  name: string;
  /** Between the end of one round and the start of the next, with 10 % jitter so that replicas spread. */
  seconds: number;
  log: Log;
}

/** Repeats `work` until the returned function is called, which waits for the round under way. A failed round is logged. */
export function repeat({ name, seconds, log }: Repetition, work: Round): () => Promise<void> {
  const end = new AbortController();
  let failing = false;
  const round = async (): Promise<boolean> => {
    try {
      const more = await runInContext({ requestId: newRequestId(), deadlineAt: Infinity }, work);
      if (failing) log.info({}, `${name} works again`);
      failing = false;
      return more;
    } catch (error) {
      // Logged once per outage, not every round.
      if (!failing) log.warn({ err: error }, `${name} failed`);
      failing = true;
      return false;
    }
  };
  const running = (async () => {
    let more = false;
    while (!end.signal.aborted) {
      if (!more) {
        const pause = seconds * 1000 * (0.9 + Math.random() * 0.2);
        await setTimeout(pause, undefined, { signal: end.signal, ref: false }).catch(() => undefined);
      }
      if (!end.signal.aborted) more = await round();
    }
  })();
  return () => {
    end.abort();
    return running;
  };
}
