import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/** For files that are committed: as `npm run format:check` wants them. */
export async function writeFormatted(path: string, text: string): Promise<void> {
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
