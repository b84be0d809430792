/** `18.50` or `18,50` in cents; NaN, which the API refuses, for anything else. */
export function centsOf(text: string): number {
  return Math.round(Number(text.trim().replace(',', '.') || NaN) * 100);
}

export function amountOf(cents: number): string {
  return (cents / 100).toFixed(2);
}
