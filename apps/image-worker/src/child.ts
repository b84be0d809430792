// A process that takes the steps of one image at a time, needs a CPU and may crash; children.ts starts and ends it.
import { Refused } from './refused.js';
import { takeSteps, type Taken, type Task } from './take-steps.js';

export type Message =
  | { kind: 'ready' }
  | { kind: 'taken'; taken: Taken }
  | { kind: 'ended' }
  /** The image can never be processed. */
  | { kind: 'refused'; reason: string }
  | { kind: 'broken'; stack: string };

/** CPU time, so that a busy machine makes no image fail. The largest one that is read takes some seconds. */
const MAX_CPU_SECONDS = 60;

/** Failures are ignored: a parent that is gone needs no message. */
const say = (message: Message) => process.send!(message, undefined, undefined, () => undefined);

/** For `ps`, and for tests that end a process in the middle of its work. */
const setTitle = (doing: 'takeSteps' | 'idle') => void (process.title = `image-worker: ${doing}`);

async function work(task: Task): Promise<void> {
  setTitle('takeSteps');
  const before = process.cpuUsage();
  const watch = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1e6 > MAX_CPU_SECONDS)
      say({ kind: 'refused', reason: `Processing it takes more than ${MAX_CPU_SECONDS} seconds` });
  }, 1000);
  try {
    for await (const taken of takeSteps(task)) say({ kind: 'taken', taken });
    setTitle('idle'); // before the next task can come
    say({ kind: 'ended' });
  } catch (error) {
    if (error instanceof Refused) say({ kind: 'refused', reason: error.message });
    else say({ kind: 'broken', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    clearInterval(watch);
  }
}

// The parent ends this process, or is gone itself. Ctrl-C in a terminal reaches the whole process group and is meant for the parent.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (task: Task) => void work(task));
setTitle('idle');
say({ kind: 'ready' });
