// Finds k6: on the PATH, else as a container.
import { hasImage } from '../container-image.ts';
import { run } from '../processes.ts';
import { Failure } from '../terminal.ts';

const IMAGE = process.env['K6_IMAGE'] || 'grafana/k6:latest';
/** The first version that runs TypeScript. */
const MIN_MAJOR = 1;

export type K6Program = { image: string } | { path: string };

export async function findK6(): Promise<K6Program> {
  const { code, output } = await run(['k6', 'version']);
  const version = code === 0 ? /k6 v(\d+)[.\d]*/.exec(output) : null;
  if (version && Number(version[1]) >= MIN_MAJOR) return { path: 'k6' };
  if (await hasImage(IMAGE)) return { image: IMAGE };
  const found = version ? `${version[0]} is too old` : 'none was found';
  throw new Failure(
    `Load tests need k6 ${MIN_MAJOR}.0 or newer, and ${found}. Install it from https://grafana.com/docs/k6/latest/set-up/install-k6 ` +
      `(a single file on the PATH), or start Docker, which runs the image ${IMAGE}.`,
  );
}
