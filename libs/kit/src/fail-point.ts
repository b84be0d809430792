// Where a test may have this process die, to see that nothing is lost.
import { processEnv } from './kit.config.js';

const crashAt = processEnv['NODE_ENV'] === 'production' ? undefined : processEnv['FAIL_POINT'];

/**
 * Kills this process on the spot, as `kill -9` would, when FAIL_POINT names this point; one comparison otherwise.
 * `name` is `<service>.<what just happened, or is about to>`, unique, and a literal, or made out of a table that a test
 * goes through: the literals are read out of the sources.
 */
export function failPoint(name: string): void {
  if (name === crashAt) process.kill(process.pid, 'SIGKILL');
}
