/** A short order number: the end of the id. */
export function shortId(id: string): string {
  return id.slice(-8).toUpperCase();
}
