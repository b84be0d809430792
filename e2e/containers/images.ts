// Builds the images once before all tests.
import { root } from '@shop/tools/data-dir';
import { run } from '@shop/tools/processes';

export default async function images(): Promise<void> {
  const { code, output } = await run(['npm', 'run', 'images'], { cwd: root });
  if (code !== 0) throw new Error(output);
}
