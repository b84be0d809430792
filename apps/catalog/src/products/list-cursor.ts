// Cursors: the sort key and the id of the last product shown, valid for one list only.
import { createHash } from 'node:crypto';
import { invalidRequest } from '@shop/rpc/errors';
import * as z from 'zod';

export type SortKey = string | number;

export interface Position {
  key: SortKey;
  id: string;
}

/** `list` identifies the sort and the filters; see listName(). */
export function writeCursor(list: string, { key, id }: Position): string {
  return Buffer.from(JSON.stringify([key, id, checksum(list, key, id)])).toString('base64url');
}

/**
 * Throws invalid_request on `cursor` unless it was written for this list. The checksum detects cursors of other lists
 * and damaged ones. It is not a secret: a forged cursor shows only public products.
 */
export function readCursor(list: string, keySchema: z.ZodType<SortKey>, cursor: string): Position {
  const parsed = z.tuple([keySchema, z.uuid(), z.string()]).safeParse(parse(cursor));
  if (parsed.success) {
    const [key, id, sum] = parsed.data;
    if (sum === checksum(list, key, id) && writeCursor(list, { key, id }) === cursor) return { key, id };
  }
  throw invalidRequest([{ path: ['cursor'], message: 'is not a cursor of this list' }]);
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function checksum(list: string, key: SortKey, id: string): string {
  return createHash('sha256')
    .update(JSON.stringify([list, key, id]))
    .digest('base64url')
    .slice(0, 8);
}
