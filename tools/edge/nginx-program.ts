// Where an nginx comes from: the container image when Docker runs and has it or can fetch it, else the system's when it is
// new enough, else a line that says what to install.
import { run } from '../processes.ts';
import { Failure, step } from '../terminal.ts';

const IMAGE = process.env['EDGE_IMAGE'] || 'nginx:1.30';
/** The first one with `sticky cookie`. */
const OLDEST = [1, 29, 6];

export type NginxProgram = { image: string } | { path: string };

export async function findNginx(): Promise<NginxProgram> {
  if (await hasImage()) return { image: IMAGE };
  const version = await systemVersion();
  if (version && !isOlder(version, OLDEST)) return { path: 'nginx' };
  const found = version ? `nginx ${version.join('.')} is too old` : 'there is no nginx here';
  throw new Failure(
    `The edge needs nginx ${OLDEST.join('.')} or newer, and ${found}. Start Docker (it takes the image ${IMAGE}), or install nginx from nginx.org.`,
  );
}

async function hasImage(): Promise<boolean> {
  if ((await run(['docker', 'info'])).code !== 0) return false;
  if ((await run(['docker', 'image', 'inspect', IMAGE])).code === 0) return true;
  return step(`Fetching the container image ${IMAGE}`, async () => {
    const { code, output } = await run(['docker', 'pull', '--quiet', IMAGE]);
    if (code !== 0) throw new Failure(output.trim());
    return true;
  }).catch(() => false); // no registry within reach
}

async function systemVersion(): Promise<number[] | undefined> {
  const { code, output } = await run(['nginx', '-v']);
  const version = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(output)?.slice(1);
  return code === 0 ? version?.map(Number) : undefined;
}

function isOlder(version: number[], than: number[]): boolean {
  const at = version.findIndex((part, i) => part !== than[i]);
  return at >= 0 && version[at]! < than[at]!;
}
