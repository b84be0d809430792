// Child processes that take the steps of images: outside the service, so that its event loop never waits and survives a
// crash of libvips; at a lower priority, so that shoppers on the same machine come first.
import { fork, type ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AppError } from '@shop/rpc/errors';
import type { Message } from './child.js';
import { Refused } from './refused.js';
import type { Taken, Task } from './take-steps.js';

/** The process died during its task, or the task failed unexpectedly. Another process may succeed. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** After this many tasks a child is replaced, which frees the memory that libraries leak. */
const TASKS_PER_CHILD = 200;
/** A child that was idle for this long is ended, which frees its memory. */
const IDLE_MS = 60_000;
/** Far above what a task takes on the busiest machine. */
const TASK_MS = 600_000;

/** A small heap is collected often, and pixels with it: 110 MB per child instead of 350, for the same CPU. */
const nodeFlags = ['--max-semi-space-size=4', '--max-old-space-size=64'];
/** No secrets, which hostile bytes could read. Each arena of glibc keeps the memory that was freed in it. */
const env = { VIPS_WARNING: '0', MALLOC_ARENA_MAX: '2' };

// Found by the package's name, which leads to the built file even where the source runs, as in tests.
const file = createRequire(import.meta.url).resolve('@shop/image-worker/child');

interface Child {
  process: ChildProcess;
  messages: AsyncIterator<[Message]>;
  tasks: number;
  ending?: NodeJS.Timeout;
}

@Injectable()
export class Children implements OnApplicationShutdown {
  private readonly idle: Child[] = [];
  private readonly all = new Set<Child>();

  /** Yields each step as it ends. Throws Refused, Broken, or the reason of `stopping`; leaving early ends the process. */
  async *takeSteps(task: Task, stopping: AbortSignal): AsyncGenerator<Taken> {
    stopping.throwIfAborted();
    const child = await this.acquire();
    const end = () => void child.process.kill('SIGKILL');
    const late = setTimeout(end, TASK_MS).unref();
    stopping.addEventListener('abort', end);
    let finished = false;
    try {
      child.process.send(task, () => undefined);
      for (;;) {
        const message = await nextMessage(child, stopping);
        if (message.kind === 'taken') yield message.taken;
        if (message.kind === 'refused') throw new Refused(message.reason);
        if (message.kind === 'broken') throw new Broken(message.stack);
        finished = message.kind === 'ended';
        if (finished) return;
      }
    } finally {
      clearTimeout(late);
      stopping.removeEventListener('abort', end);
      if (finished && ++child.tasks < TASKS_PER_CHILD) this.release(child);
      else end();
    }
  }

  onApplicationShutdown(): void {
    for (const child of this.all) child.process.kill('SIGKILL');
  }

  private async acquire(): Promise<Child> {
    const child = this.idle.pop();
    if (!child) return this.start();
    clearTimeout(child.ending);
    return child;
  }

  private release(child: Child): void {
    child.ending = setTimeout(() => child.process.kill('SIGKILL'), IDLE_MS).unref();
    this.idle.push(child);
  }

  /** Throws `unavailable`, not Broken: the image is not to blame for a machine that cannot start processes. */
  private async start(): Promise<Child> {
    try {
      const child = this.fork();
      const { done } = await child.messages.next();
      if (done) throw new Error(howEnded(child.process));
      return child;
    } catch (error) {
      throw new AppError('unavailable', `a process for images does not start: ${(error as Error).message}`);
    }
  }

  private fork(): Child {
    const process = fork(file, {
      env,
      execArgv: nodeFlags,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const messages = on(process, 'message', { close: ['exit'] }) as AsyncIterator<[Message]>;
    const child: Child = { process, messages, tasks: 0 };
    process.on('error', () => undefined); // ends `messages` too
    if (process.pid === undefined) return child; // never started, so it never exits
    this.all.add(child);
    process.once('exit', () => {
      this.all.delete(child);
      const at = this.idle.indexOf(child);
      if (at >= 0) this.idle.splice(at, 1);
    });
    lowerPriority(process.pid);
    return child;
  }
}

/** Called right after the start, because threads inherit the priority of the thread that starts them. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
    // When memory runs out the kernel kills a child first, and its image is tried again.
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // The process is gone already, or this is not Linux.
  }
}

async function nextMessage({ process, messages }: Child, stopping: AbortSignal): Promise<Message> {
  const { value, done } = await messages.next();
  if (!done) return value[0];
  stopping.throwIfAborted();
  throw new Broken(`its process ended: ${howEnded(process)}`);
}

const howEnded = ({ signalCode, exitCode }: ChildProcess) => signalCode ?? `exit code ${exitCode}`;
