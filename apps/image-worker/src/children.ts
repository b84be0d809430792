// The processes in which pictures are worked on: beside the service, so that its event loop never waits and a crash of
// libvips does not take it along; at a low priority, so that shoppers on the same machine come first.
import { fork, type ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AppError } from '@shop/kit/errors';
import type { InputOf, Message, OutputOf, Request, TaskName } from './child.js';
import { Refused } from './refused.js';

/** The process died over its task, or the task failed in a way nobody expects. Another process may succeed. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** After so many tasks a child makes room for a new one: whatever libraries leak goes with it. */
const TASKS_PER_CHILD = 200;
/** What an idle child keeps is given back. */
const IDLE_MS = 60_000;
/** However busy the machine is, nothing takes so long. */
const TASK_MS = 600_000;

/** Small heaps are collected often, and take the pixels along: 110 MB a child instead of 350, for the same CPU. */
const nodeFlags = ['--max-semi-space-size=4', '--max-old-space-size=64'];
/** Nothing of ours that hostile bytes could read. Each of glibc's arenas keeps what was freed in it. */
const env = { VIPS_WARNING: '0', MALLOC_ARENA_MAX: '2' };

// By the package's name: that is the built file, also where the source runs, as in tests.
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

  /** Throws Refused, Broken, or the reason of `stopping`; a task that is not finished ends with its process. */
  async *run<N extends TaskName>(task: N, input: InputOf<N>, stopping: AbortSignal): AsyncGenerator<OutputOf<N>> {
    stopping.throwIfAborted();
    const child = await this.take();
    const end = () => void child.process.kill('SIGKILL');
    const late = setTimeout(end, TASK_MS).unref();
    stopping.addEventListener('abort', end);
    let finished = false;
    try {
      child.process.send({ task, input } satisfies Request<N>, () => undefined);
      for (;;) {
        const message = await nextMessage(child, stopping);
        if (message.kind === 'output') yield message.output as OutputOf<N>;
        if (message.kind === 'refused') throw new Refused(message.reason);
        if (message.kind === 'broken') throw new Broken(message.stack);
        finished = message.kind === 'ended';
        if (finished) return;
      }
    } finally {
      clearTimeout(late);
      stopping.removeEventListener('abort', end);
      if (finished && ++child.tasks < TASKS_PER_CHILD) this.rest(child);
      else end();
    }
  }

  onApplicationShutdown(): void {
    for (const child of this.all) child.process.kill('SIGKILL');
  }

  private async take(): Promise<Child> {
    const child = this.idle.pop();
    if (!child) return this.start();
    clearTimeout(child.ending);
    return child;
  }

  private rest(child: Child): void {
    child.ending = setTimeout(() => child.process.kill('SIGKILL'), IDLE_MS).unref();
    this.idle.push(child);
  }

  /** Throws `unavailable`, not Broken: no picture is to blame for a machine that cannot start processes. */
  private async start(): Promise<Child> {
    try {
      const child = this.fork();
      const { done } = await child.messages.next();
      if (done) throw new Error(howEnded(child.process));
      return child;
    } catch (error) {
      throw new AppError('unavailable', `a process for pictures does not start: ${(error as Error).message}`);
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
    process.on('error', () => undefined); // its messages end with this error
    if (process.pid === undefined) return child; // and it will never exit
    this.all.add(child);
    process.once('exit', () => {
      this.all.delete(child);
      const at = this.idle.indexOf(child);
      if (at >= 0) this.idle.splice(at, 1);
    });
    makeHumble(process.pid);
    return child;
  }
}

/** Right after its start: threads inherit from the one that starts them. */
function makeHumble(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
    // Where memory runs out it is a child that goes, and its picture is tried again.
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // It is gone already, or this is no Linux.
  }
}

async function nextMessage({ process, messages }: Child, stopping: AbortSignal): Promise<Message> {
  const { value, done } = await messages.next();
  if (!done) return value[0];
  stopping.throwIfAborted();
  throw new Broken(`its process ended: ${howEnded(process)}`);
}

const howEnded = ({ signalCode, exitCode }: ChildProcess) => signalCode ?? `exit code ${exitCode}`;
