import { BootError } from './boot-check.js';
import { ConfigError } from './config.js';

/** What a person needs to know of an error that prevented a start; a stack only when it is a bug. */
export function problemLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ConfigError || error instanceof BootError) return error.message;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${address} is in use already: stop what uses it or choose another.`;
  if (code === 'EACCES' && port !== undefined)
    return `Port ${port} needs more rights than this user has: choose one above 1023.`;
  return error.stack ?? error.message;
}
