// A process for one task at a time that needs a CPU and may crash; children.ts starts and ends it.
import { draw } from './draw.js';
import { Refused } from './refused.js';
import { takeSteps } from './take-steps.js';

const tasks = { takeSteps, draw };

export type Tasks = typeof tasks;
export type TaskName = keyof Tasks;
export type InputOf<N extends TaskName> = Parameters<Tasks[N]>[0];
export type OutputOf<N extends TaskName> = ReturnType<Tasks[N]> extends AsyncGenerator<infer O> ? O : never;

export interface Request<N extends TaskName = TaskName> {
  task: N;
  input: InputOf<N>;
}

export type Message =
  | { kind: 'ready' }
  | { kind: 'output'; output: unknown }
  | { kind: 'ended' }
  /** What was given can never be processed. */
  | { kind: 'refused'; reason: string }
  | { kind: 'broken'; stack: string };

/** CPU time, so that a busy machine makes no picture fail. The largest that is read takes some seconds. */
const MOST_CPU_SECONDS = 60;

/** To whoever is still there. */
const say = (message: Message) => process.send!(message, undefined, undefined, () => undefined);

/** For `ps`, and for tests that end a process in the middle of its work. */
const name = (doing: TaskName | 'idle') => void (process.title = `image-worker: ${doing}`);

async function work({ task, input }: Request): Promise<void> {
  name(task);
  const before = process.cpuUsage();
  const watch = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1e6 > MOST_CPU_SECONDS)
      say({ kind: 'refused', reason: `Processing it takes more than ${MOST_CPU_SECONDS} seconds` });
  }, 1000);
  try {
    for await (const output of tasks[task](input as never)) say({ kind: 'output', output });
    name('idle'); // before the next task can come
    say({ kind: 'ended' });
  } catch (error) {
    if (error instanceof Refused) say({ kind: 'refused', reason: error.message });
    else say({ kind: 'broken', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    clearInterval(watch);
  }
}

// Who started it ends it, or is gone. A Ctrl-C in the terminal reaches the whole group and is not meant for this process.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (request: Request) => void work(request));
name('idle');
say({ kind: 'ready' });
