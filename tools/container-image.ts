// Container images of Docker.
import { run } from './processes.ts';
import { Failure, step } from './terminal.ts';

/** Whether Docker runs and has the image or can pull it. */
export async function hasImage(image: string): Promise<boolean> {
  if ((await run(['docker', 'info'])).code !== 0) return false;
  if ((await run(['docker', 'image', 'inspect', image])).code === 0) return true;
  return step(`Pulling the container image ${image}`, async () => {
    const { code, output } = await run(['docker', 'pull', '--quiet', image]);
    if (code !== 0) throw new Failure(output.trim());
    return true;
  }).catch(() => false); // no registry can be reached
}
