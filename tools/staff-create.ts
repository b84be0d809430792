// npm run staff:create -- EMAIL: creates an account for a member of staff, whether the shop runs or not.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { run } from './processes.ts';
import { withServiceDatabase } from './service-database.ts';
import { Failure } from './terminal.ts';

await main(async ({ asked }) => {
  const [email, ...rest] = process.argv.slice(2);
  if (!email?.includes('@') || rest.length > 0) throw new Failure('Usage: npm run staff:create -- name@example.com');
  const typed = process.stdin.isTTY ? await askPassword() : '';
  const password = typed || randomBytes(12).toString('base64url');
  return withServiceDatabase('accounts', 'npm run staff:create', asked, async ({ env }) => {
    const script = join(root, 'apps/accounts/dist/staff-create.js');
    const { code, output } = await run([process.execPath, script, email], { env, input: password });
    if (code !== 0) throw new Failure(output.trim());
    console.log(output.trim());
    if (!typed) console.log(`Password: ${password}`);
    return 0;
  });
});

async function askPassword(): Promise<string> {
  const first = await askHidden('Password (at least 10 characters; press Enter to generate one): ');
  if (first === '' || first === (await askHidden('Repeat the password: '))) return first;
  throw new Failure('The two passwords differ; nothing was changed.');
}

function askHidden(question: string): Promise<string> {
  process.stdout.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(new Failure('No password was given; nothing was changed.'))); // Ctrl-C, Ctrl-D
  }).finally(() => {
    lines.close();
    process.stdout.write('\n');
  }) as Promise<string>;
}
