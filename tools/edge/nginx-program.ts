// Where an nginx comes from: the container image when Docker runs and has it or can fetch it, else the system's when it is
// new enough, else a line that says what to install.
import { hasImage } from '../container-image.ts';
import { run } from '../processes.ts';
import { Failure } from '../terminal.ts';

const IMAGE = process.env['EDGE_IMAGE'] || 'nginx:1.30';
/** The first one with `sticky cookie`. */
const OLDEST = [1, 29, 6];

export type NginxProgram = { image: string } | { path: string };

export async function findNginx(): Promise<NginxProgram> {
  if (await hasImage(IMAGE)) return { image: IMAGE };
  const version = await systemVersion();
  if (version && !isOlder(version, OLDEST)) return { path: 'nginx' };
  const found = version ? `nginx ${version.join('.')} is too old` : 'there is no nginx here';
  throw new Failure(
    `The edge needs nginx ${OLDEST.join('.')} or newer, and ${found}. Start Docker (it takes the image ${IMAGE}), or install nginx from nginx.org.`,
  );
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
