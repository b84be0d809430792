// The data folder of a private Postgres: created as a whole or not at all, refused for another version or on a full disk.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { freePort } from '../ports.ts';
import { Failure } from '../terminal.ts';
import type { Programs } from './postgres-programs.ts';

const MIN_FREE_MB = 100;

export interface Access {
  port: number;
  superuser: string;
  /** Passwords by database user. */
  users: Record<string, string>;
}

/** The cluster in this folder, created when missing. */
export async function openCluster(root: string, pgs: Programs, durable: boolean): Promise<Access> {
  await refuseFullDisk(root);
  const access = existsSync(join(root, 'cluster')) ? await readAccess(root) : await initialise(root, pgs, durable);
  await refuseOtherVersion(join(root, 'cluster'), pgs);
  return access;
}

/** Creates the cluster in a draft folder and renames that at the end, so that an interruption leaves no partial cluster. */
async function initialise(root: string, pgs: Programs, durable: boolean): Promise<Access> {
  const cluster = join(root, 'cluster');
  const draft = join(root, 'cluster.new');
  const passwordFile = join(root, 'password.new');
  const access = { port: await freePort(), superuser: newPassword(), users: {} };
  await rm(draft, { recursive: true, force: true });
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, access.superuser, { mode: 0o600 });
    if (pgs.owner) for (const path of [draft, passwordFile]) await chown(path, pgs.owner.uid, pgs.owner.gid);
    const locale = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
    const made = await pgs.run('initdb', [
      `--pgdata=${draft}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      `--locale=${locale}`,
      ...(durable ? [] : ['--no-sync']),
    ]);
    if (made.code !== 0) throw refusal('Postgres could not create its data folder', made.output);
    // The passwords come first: without them the cluster would be inaccessible.
    await writeAccess(root, access);
    await rename(draft, cluster);
    return access;
  } finally {
    await rm(draft, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  }
}

/** A server panics when it runs out of space, so it is not started when space is short. */
async function refuseFullDisk(root: string): Promise<void> {
  const { bavail, bsize } = await statfs(root);
  const free = Math.floor((bavail * bsize) / 1e6);
  if (free >= MIN_FREE_MB) return;
  throw new Failure(
    `The disk is nearly full: ${root} has ${free} MB left, Postgres needs ${MIN_FREE_MB}. Free some space, or choose another folder with DATA_DIR=….`,
  );
}

async function refuseOtherVersion(cluster: string, pgs: Programs): Promise<void> {
  const version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  if (version === pgs.major) return;
  throw new Failure(
    `The data in ${cluster} was made by Postgres ${version}, this shop runs Postgres ${pgs.major}. It was left untouched.\n` +
      `Move it away to start afresh (DATA_DIR=… chooses another folder), or migrate it with pg_dump of Postgres ${version}.`,
  );
}

export function refusal(what: string, output: string): Failure {
  if (/No space left on device/.test(output))
    return new Failure(`${what}: the disk is full. Free some space and try again.`);
  const lastLines = output.trim().split('\n').slice(-8).join('\n  ');
  return new Failure(`${what}:\n  ${lastLines}`);
}

async function readAccess(root: string): Promise<Access> {
  const file = join(root, 'access.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Access;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    throw new Failure(
      `${file} holds the passwords of the databases and is missing or damaged. ` +
        `Restore it, or move ${root} away to start afresh.`,
    );
  }
}

export async function writeAccess(root: string, access: Access): Promise<void> {
  await writeFileAtomic(join(root, 'access.json'), JSON.stringify(access, null, 2), { mode: 0o600 });
}

export const newPassword = () => randomBytes(18).toString('base64url');
