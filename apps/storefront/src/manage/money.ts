/** `18.50` or `18,50` as cents; what is no amount is NaN, which the shop refuses. */
export function centsOf(text: string): number {
  const euros = Number(text.trim().replace(',', '.') || NaN);
  return Math.round(euros * 100);
}

export function eurosOf(cents: number): string {
  return (cents / 100).toFixed(2);
}
