// Numbers that browsers need without the schemas.
/** Of one product, in a cart or an order. */
export const MAX_QUANTITY = 99;

/** Customers that a search for orders considers. */
export const MAX_FOUND_CUSTOMERS = 100;
