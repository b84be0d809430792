import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const program = `
  import { Log } from '${import.meta.resolve('../dist/log.js')}';
  const log = new Log('info', 'test');
  process.stdin.once('data', async () => {
    log.info({}, 'the last words');
    await log.flush();
    process.exit(3);
  });`;

function start() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, exit: once(child, 'exit') };
}

test('the last line is written before the process ends', async () => {
  const { child, exit } = start();
  child.stdin.write('now');
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  expect(JSON.parse(output)).toMatchObject({ service: 'test', msg: 'the last words' });
  expect(await exit).toEqual([3, null]);
});

test('a process ends although nobody reads its output any more', async () => {
  const { child, exit } = start();
  child.stdout.destroy();
  child.stdin.write('now');
  expect(await exit).toEqual([3, null]);
});
