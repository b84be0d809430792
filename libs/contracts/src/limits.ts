// Numbers that browsers need without the schemas.
/** Of one product, in a cart or an order. */
export const MAX_QUANTITY = 99;
