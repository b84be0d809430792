import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const program = `
  import { Module } from '${import.meta.resolve('@nestjs/common')}';
  import { defineService } from '${import.meta.resolve('../dist/service.js')}';
  import { start } from '${import.meta.resolve('../dist/start.js')}';
  class Waiting {
    async onModuleInit() {
      console.log('waiting');
      await new Promise((resolve) => setTimeout(resolve, 60_000)); // for a database, say
    }
  }
  class Slow {}
  Module({ providers: [Waiting] })(Slow);
  await start(defineService({ name: 'image-worker', module: Slow }));`;

// As the first process of a container it would not even die of a signal that it has no handler for.
test('a service that is told to end while it still starts, ends', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, OPS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});
