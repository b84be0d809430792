/** The end of an id says which it is well enough for people. */
export function shortId(id: string): string {
  return id.slice(-8).toUpperCase();
}
