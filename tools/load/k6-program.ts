// Where k6 comes from: the PATH, else the container image when Docker runs and has it or can fetch it, else a line that
// says how to get it.
import { hasImage } from '../container-image.ts';
import { run } from '../processes.ts';
import { Failure } from '../terminal.ts';

const IMAGE = process.env['K6_IMAGE'] || 'grafana/k6:latest';
/** The first one that runs TypeScript by itself. */
const OLDEST = 1;

export type K6Program = { image: string } | { path: string };

export async function findK6(): Promise<K6Program> {
  const { code, output } = await run(['k6', 'version']);
  const version = code === 0 ? /k6 v(\d+)[.\d]*/.exec(output) : null;
  if (version && Number(version[1]) >= OLDEST) return { path: 'k6' };
  if (await hasImage(IMAGE)) return { image: IMAGE };
  const found = version ? `${version[0]} is too old` : 'there is none here';
  throw new Failure(
    `Load tests need k6 ${OLDEST}.0 or newer, and ${found}. Get it from https://grafana.com/docs/k6/latest/set-up/install-k6 ` +
      `(one file on the PATH), or start Docker (it takes the image ${IMAGE}).`,
  );
}
