// The routes. Each page is a separate chunk, preloaded when a link to it is hovered or focused.
import { onlineManager, type QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import * as api from './api/queries.js';
import { Failed } from './failed.js';
import { Layout } from './layout.js';
import { filterOf, readListSearch } from './listing.js';
import { NotFound } from './not-found.js';

interface Context {
  client: QueryClient;
}

/** Where the log-in page leads afterwards. */
export interface LoginSearch {
  next?: string;
  expired?: true;
}

/** Waits while offline: loading would fail, and reloading would lose the page. */
function fileOf<Module extends Record<string, unknown>, Name extends keyof Module>(
  load: () => Promise<Module>,
  name: Name,
) {
  return lazyRouteComponent(async () => {
    if (!onlineManager.isOnline()) await untilOnline();
    return load();
  }, name);
}

function untilOnline(): Promise<void> {
  return new Promise((resolve) => {
    const stop = onlineManager.subscribe((online) => {
      if (!online) return;
      stop();
      resolve();
    });
  });
}

const root = createRootRouteWithContext<Context>()({ component: Layout, notFoundComponent: NotFound });
const page = <const P extends string>(path: P) => ({ getParentRoute: () => root, path });

// Loaders start their requests without waiting, so a page appears at once with placeholders.
const home = createRoute({
  ...page('/'),
  loader: ({ context: { client } }) => void client.prefetchQuery(api.featured),
  component: fileOf(() => import('./pages/home.js'), 'HomePage'),
});
const products = createRoute({
  ...page('/products'),
  validateSearch: readListSearch,
  loaderDeps: ({ search: { pages: _, ...search } }) => search,
  loader: ({ context: { client }, deps }) => void client.prefetchInfiniteQuery(api.products(filterOf(deps))),
  component: fileOf(() => import('./pages/products.js'), 'ProductsPage'),
});
const category = createRoute({
  ...page('/categories/$category'),
  validateSearch: readListSearch,
  loaderDeps: ({ search: { pages: _, ...search } }) => search,
  loader: ({ context: { client }, deps, params }) =>
    void client.prefetchInfiniteQuery(api.products(filterOf(deps, params.category))),
  component: fileOf(() => import('./pages/products.js'), 'CategoryPage'),
});
const product = createRoute({
  ...page('/products/$product'),
  loader: ({ context: { client }, params }) => void client.prefetchQuery(api.product(params.product)),
  component: fileOf(() => import('./pages/product.js'), 'ProductPage'),
});
const cart = createRoute({
  ...page('/cart'),
  component: fileOf(() => import('./pages/cart.js'), 'CartPage'),
});
const login = createRoute({
  ...page('/login'),
  validateSearch: readLoginSearch,
  component: fileOf(() => import('./pages/enter.js'), 'LoginPage'),
});
const register = createRoute({
  ...page('/register'),
  validateSearch: readLoginSearch,
  component: fileOf(() => import('./pages/enter.js'), 'RegisterPage'),
});

/** Pages that require a log-in redirect to it and back. The API enforces permissions. */
const person = createRoute({
  getParentRoute: () => root,
  id: 'person',
  beforeLoad: async ({ context: { client }, location }) => {
    const known = await client.ensureQueryData(api.session).catch(() => undefined);
    if (known?.customer === null) throw redirect({ to: '/login', search: { next: location.href } });
  },
});
const mine = <const P extends string>(path: P) => ({ getParentRoute: () => person, path });
const checkout = createRoute({
  ...mine('/checkout'),
  component: fileOf(() => import('./pages/checkout.js'), 'CheckoutPage'),
});
const orders = createRoute({
  ...mine('/orders'),
  component: fileOf(() => import('./pages/orders.js'), 'OrdersPage'),
});
const order = createRoute({
  ...mine('/orders/$order'),
  component: fileOf(() => import('./pages/order.js'), 'OrderPage'),
});
const account = createRoute({
  ...mine('/account'),
  component: fileOf(() => import('./pages/account.js'), 'AccountPage'),
});

const manage = createRoute({
  ...mine('/manage'),
  component: fileOf(() => import('./manage/manage.js'), 'Manage'),
});
const staff = <const P extends string>(path: P) => ({ getParentRoute: () => manage, path });
const manageHome = createRoute({
  ...staff('/'),
  component: fileOf(() => import('./manage/overview.js'), 'OverviewPage'),
});
const manageProducts = createRoute({
  ...staff('/products'),
  validateSearch: ({ q, hidden }: Record<string, unknown>): { q?: string; hidden?: true } => ({
    ...(q ? { q: String(q) } : {}),
    ...(hidden ? { hidden: true as const } : {}),
  }),
  component: fileOf(() => import('./manage/products.js'), 'ManageProductsPage'),
});
const newProduct = createRoute({
  ...staff('/products/new'),
  component: fileOf(() => import('./manage/new-product.js'), 'NewProductPage'),
});
const editProduct = createRoute({
  ...staff('/products/$product'),
  component: fileOf(() => import('./manage/edit-product.js'), 'EditProductPage'),
});
const manageOrders = createRoute({
  ...staff('/orders'),
  validateSearch: ({ q, status }: Record<string, unknown>): { q?: string; status?: string } => ({
    ...(q ? { q: String(q) } : {}),
    ...(status ? { status: String(status) } : {}),
  }),
  component: fileOf(() => import('./manage/orders.js'), 'ManageOrdersPage'),
});

function readLoginSearch({ next, expired }: Record<string, unknown>): LoginSearch {
  // Only paths of this shop, to prevent open redirects.
  const own = typeof next === 'string' && /^\/(?![/\\])/.test(next);
  return { ...(own ? { next } : {}), ...(expired ? { expired: true as const } : {}) };
}

const routeTree = root.addChildren([
  home,
  products,
  category,
  product,
  cart,
  login,
  register,
  person.addChildren([
    checkout,
    orders,
    order,
    account,
    manage.addChildren([manageHome, manageProducts, newProduct, editProduct, manageOrders]),
  ]),
]);

export const router = createRouter({
  routeTree,
  context: { client: api.queryClient },
  defaultPreload: 'intent',
  // The query client caches responses.
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultErrorComponent: Failed,
  defaultNotFoundComponent: NotFound,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
