// Finds nginx: as a container when Docker has the image or can pull it, else on the PATH when it is recent enough.
import { hasImage } from '../container-image.ts';
import { run } from '../processes.ts';
import { Failure } from '../terminal.ts';

const IMAGE = process.env['EDGE_IMAGE'] || 'nginx:1.30';
/** The first version with `sticky cookie`. */
const MIN_VERSION = [1, 29, 6];

export type NginxProgram = { image: string } | { path: string };

export async function findNginx(): Promise<NginxProgram> {
  if (await hasImage(IMAGE)) return { image: IMAGE };
  const version = await systemVersion();
  if (version && !isOlder(version, MIN_VERSION)) return { path: 'nginx' };
  const found = version ? `nginx ${version.join('.')} is too old` : 'none was found';
  throw new Failure(
    `The edge needs nginx ${MIN_VERSION.join('.')} or newer, and ${found}. Start Docker, which runs the image ${IMAGE}, or install nginx from nginx.org.`,
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
