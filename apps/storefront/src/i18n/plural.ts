/** `3 things`, by the rules and with the digits of a language. */
export function counted(language: string) {
  const rules = new Intl.PluralRules(language);
  const digits = new Intl.NumberFormat(language);
  return (n: number, one: string, other: string) => `${digits.format(n)} ${rules.select(n) === 'one' ? one : other}`;
}
