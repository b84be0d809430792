// The pages of the storefront: the gateway answers these addresses with it, and every other page is 404.
import type { ProductQuery } from './products.js';

/** What the shop calls itself in titles, and wherever else it names itself. */
export const shopName = 'Field & Hearth';
export const shopDescription = 'Things for the house that are good to use and good to look at.';

export interface Page {
  /** `:name` stands for one part of the address. */
  path: string;
  /** The same for everybody: it may be copied, and found by search engines. */
  public: boolean;
}

export const pages = {
  home: { path: '/', public: true },
  products: { path: '/products', public: true },
  product: { path: '/products/:product', public: true },
  category: { path: '/categories/:category', public: true },
  cart: { path: '/cart', public: false },
  checkout: { path: '/checkout', public: false },
  orders: { path: '/orders', public: false },
  order: { path: '/orders/:order', public: false },
  login: { path: '/login', public: false },
  register: { path: '/register', public: false },
  account: { path: '/account', public: false },
  manage: { path: '/manage', public: false },
  manageProducts: { path: '/manage/products', public: false },
  newProduct: { path: '/manage/products/new', public: false },
  editProduct: { path: '/manage/products/:product', public: false },
  manageOrders: { path: '/manage/orders', public: false },
} as const satisfies Record<string, Page>;
export type PageName = keyof typeof pages;

/**
 * What a page needs first comes with it, so that it can be shown without asking again: an element of this id holds a
 * JSON object of answers by the path of the API that would have given them.
 */
export const PAGE_DATA_ID = 'page-data';

/** The name of a <meta> with Stripe's publishable key: who pays by card does it in Stripe's form. */
export const STRIPE_KEY_META = 'stripe-key';

/** The `sizes` of the images on a product’s page and of each product in a list. */
export const PRODUCT_IMAGE_SIZES = '(min-width: 78rem) 44rem, (min-width: 56rem) 55vw, 94vw';
export const CARD_IMAGE_SIZES = '(min-width: 80rem) 18rem, (min-width: 60rem) 23vw, (min-width: 40rem) 31vw, 46vw';

export type ProductFilter = Partial<ProductQuery>;

/**
 * Parameters stand in the order in which the caller gives them. The gateway and the storefront both begin with the category and
 * end with the limit: the storefront finds the answer that came with its page by this address.
 */
export function productsPath(filter: ProductFilter): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '/api/products' : `/api/products?${query}`;
}

/** How many products a page of a list has. */
export const PAGE_SIZE = 24;

/** What the home page shows. */
export const featuredPath = productsPath({ inStock: true, featured: true, limit: 8 });
export const categoriesPath = '/api/categories';
export const productPath = (product: string) => `/api/products/${encodeURIComponent(product)}`;
