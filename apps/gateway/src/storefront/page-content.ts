// What each public page contains before its scripts run: metadata, and the API responses that it needs first.
import { catalogRpc } from '@shop/contracts/catalog';
import {
  CARD_IMAGE_SIZES,
  categoriesPath,
  featuredPath,
  PAGE_SIZE,
  PRODUCT_IMAGE_SIZES,
  productPath,
  productsPath,
  shopName,
  type PageName,
} from '@shop/contracts/pages';
import type { CategoryList, Product, ProductPage } from '@shop/contracts/products';
import { AppError } from '@shop/rpc/errors';
import type { Rpc } from '@shop/rpc/rpc';
import type { SerializedJson } from '@shop/rpc/serialized-json';
import { productKey } from '../path-params.js';
import { structuredProduct, type PageMetadata } from './page-head.js';

export interface PageContent {
  metadata: PageMetadata;
  /** By the path of the API. */
  responses?: Record<string, SerializedJson>;
}

export interface PageAddress {
  params: Record<string, string>;
  /** Filters and the like. */
  hasQuery: boolean;
  origin: string;
}

type LoadContent = (rpc: Rpc, address: PageAddress) => Promise<PageContent>;

/** Pages that are the same for every client. not_found. */
export const pageContents: Partial<Record<PageName, LoadContent>> = {
  home: async (rpc, { origin }) => {
    const [featured, categories] = await Promise.all([
      rpc.call(catalogRpc.listProducts, { featured: true, inStock: true, limit: 8 }),
      rpc.call(catalogRpc.listCategories, {}),
    ]);
    const structured = { '@context': 'https://schema.org', '@type': 'WebSite', name: shopName, url: origin };
    return {
      metadata: { canonical: '/', structured, ...firstImage(featured) },
      responses: { [featuredPath]: featured, [categoriesPath]: categories },
    };
  },
  products: async (rpc, { hasQuery }) => {
    const { metadata, responses } = await firstPage(rpc, hasQuery);
    return {
      metadata: { title: 'All products', ...metadata, ...(!hasQuery && { canonical: '/products' }) },
      responses,
    };
  },
  category: async (rpc, { params, hasQuery }) => {
    const slug = params['category']!;
    const categories = await rpc.call(catalogRpc.listCategories, {});
    const { items } = JSON.parse(categories.body.toString()) as CategoryList;
    const category = items.find((item) => item.slug === slug);
    if (!category) throw new AppError('not_found', 'There is no such category.');
    const { name, products } = category;
    const { metadata, responses } = await firstPage(rpc, hasQuery, slug);
    return {
      metadata: {
        ...metadata,
        title: name,
        description: `${name}: ${products} things, chosen with care, at ${shopName}.`,
        ...(!hasQuery && { canonical: `/categories/${slug}` }),
      },
      responses: { ...responses, [categoriesPath]: categories },
    };
  },
  product: async (rpc, { params, origin }) => {
    const key = productKey(params['product']!);
    const response = await rpc.call(catalogRpc.getProduct, { product: key });
    const product = JSON.parse(response.body.toString()) as Product;
    return {
      metadata: {
        title: product.name,
        description: product.description,
        canonical: `/products/${product.slug}`,
        type: 'product',
        image: product.images[0],
        imageSizes: PRODUCT_IMAGE_SIZES,
        structured: structuredProduct(product, origin),
      },
      responses: { [productPath(key)]: response },
    };
  },
};

async function firstPage(rpc: Rpc, hasQuery: boolean, category?: string): Promise<PageContent> {
  if (hasQuery) return { metadata: {} };
  const query = { category, limit: PAGE_SIZE };
  const list = await rpc.call(catalogRpc.listProducts, query);
  return { metadata: firstImage(list), responses: { [productsPath(query)]: list } };
}

/** The first image that a list shows. */
function firstImage({ body }: SerializedJson): PageMetadata {
  const { items } = JSON.parse(body.toString()) as ProductPage;
  return { image: items.find(({ image }) => image)?.image, imageSizes: CARD_IMAGE_SIZES };
}
