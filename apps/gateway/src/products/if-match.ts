import { AppError } from '@shop/rpc/errors';

/** The product version in an If-Match header: `"7"`, or weak `W/"7"`. */
export function readVersion(ifMatch: string | undefined): number {
  if (ifMatch === undefined)
    throw new AppError('version_required', 'If-Match must hold the version of the product: If-Match: "7"');
  const quoted = /^\s*(?:W\/)?"([^"]*)"\s*$/.exec(ifMatch)?.[1];
  if (quoted === undefined)
    throw new AppError('invalid_request', 'If-Match must be one version in quotes.', {
      errors: [{ field: 'If-Match', message: 'must be one version in quotes' }],
    });
  // A tag that is not a number cannot be the current version.
  if (!/^\d{1,9}$/.test(quoted)) throw new AppError('stale_version', `"${quoted}" is not the current version.`);
  return Number(quoted);
}
