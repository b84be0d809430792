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

test('an error of the database is logged without the values of its statement or row', async () => {
  const script = `
    import { Log } from '${import.meta.resolve('../dist/log.js')}';
    import { QueryFailedError } from '${import.meta.resolve('typeorm')}';
    const log = new Log('info', 'test');
    const detail = 'Key (email)=(ada@example.org) already exists.';
    const driverError = Object.assign(new Error('permission denied'), { code: '42501', detail, where: detail });
    const failure = new QueryFailedError('select $1', ['ada@example.org'], driverError);
    log.error(failure, 'first');
    log.warn({ err: new Error('outer', { cause: failure }) }, 'second');
    log.throttled('kind', { err: failure }, 'third');
    await log.flush();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject([
    { msg: 'first', err: { code: '42501', query: 'select $1' } },
    { msg: 'second' },
    { msg: 'third', err: { code: '42501' } },
  ]);
  expect(output).not.toContain('ada@example.org');
});
