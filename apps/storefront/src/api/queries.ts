// The queries of the pages, keyed by API path.
import type { SessionAnswer } from '@shop/contracts/accounts';
import type { Cart } from '@shop/contracts/carts';
import type { OrderPage } from '@shop/contracts/orders';
import {
  categoriesPath,
  featuredPath,
  PAGE_SIZE,
  productPath,
  productsPath,
  type ProductFilter,
} from '@shop/contracts/pages';
import type { Credit } from '@shop/contracts/payments';
import type { CategoryList, Product, ProductPage } from '@shop/contracts/products';
import type { StaffOrder } from '@shop/contracts/staff';
import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query';
import { ApiError, get } from './client.js';
import { broughtByPage } from './page-data.js';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 3 && error instanceof ApiError && error.passes,
      retryDelay: (failures, error) =>
        error instanceof ApiError && error.retryAfter ? error.retryAfter * 1000 : 500 * 2 ** failures,
    },
  },
});

/** Public data may be this old; prices and stock are checked again at checkout. */
const FRESH_MS = 30_000;
const pageArrivedAt = Date.now();

function shared<T>(path: string) {
  return queryOptions({
    queryKey: [path],
    queryFn: ({ signal }) => get<T>(path, signal),
    staleTime: FRESH_MS,
    initialData: () => broughtByPage<T>(path),
    initialDataUpdatedAt: pageArrivedAt,
  });
}

export const categories = shared<CategoryList>(categoriesPath);
export const featured = shared<ProductPage>(featuredPath);
export const product = (key: string) => shared<Product>(productPath(key));

export const productsLike = (category: string) =>
  shared<ProductPage>(productsPath({ category, inStock: true, limit: 5 }));

export const products = (filter: ProductFilter) => {
  const first = productsPath({ ...filter, limit: PAGE_SIZE });
  return infiniteQueryOptions({
    queryKey: ['products', first],
    queryFn: ({ pageParam, signal }) =>
      get<ProductPage>(pageParam ? productsPath({ ...filter, limit: PAGE_SIZE, cursor: pageParam }) : first, signal),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: FRESH_MS,
    initialData: () => {
      const page = broughtByPage<ProductPage>(first);
      return page && { pages: [page], pageParams: [''] };
    },
    initialDataUpdatedAt: pageArrivedAt,
  });
};

export const session = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => get<SessionAnswer>('/api/session', signal),
  staleTime: FRESH_MS,
});

export const cart = queryOptions({
  queryKey: ['cart'],
  queryFn: ({ signal }) => get<Cart>('/api/cart', signal),
  staleTime: 5000,
});

export const credit = queryOptions({
  queryKey: ['credit'],
  queryFn: ({ signal }) => get<Credit>('/api/credit', signal),
});

/** Includes the customer, for staff. */
export const order = (id: string) =>
  queryOptions({ queryKey: ['order', id], queryFn: ({ signal }) => get<StaffOrder>(`/api/orders/${id}`, signal) });

export const orders = infiniteQueryOptions({
  queryKey: ['orders'],
  queryFn: ({ pageParam, signal }) =>
    get<OrderPage>(`/api/orders?limit=20${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`, signal),
  initialPageParam: '',
  getNextPageParam: ({ nextCursor }) => nextCursor,
});
