// The shop's currency, where browsers can read it without the schemas. Nothing else names one: change it here, before
// the first order, because the amounts that are stored are not converted.
export const CURRENCY = 'EUR' as const;
