// What belongs to the address of a page: what it says of itself, and the answers it will ask the API for first.
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
import { structuredProduct, type PageFacts } from './page-head.js';
import { productKey } from '../path-params.js';

export interface PageContent {
  facts: PageFacts;
  /** By the path of the API. */
  answers?: Record<string, SerializedJson>;
}

export interface PageAddress {
  params: Record<string, string>;
  /** Whether filters or the like follow the path. */
  plain: boolean;
  origin: string;
}

export type Content = (rpc: Rpc, address: PageAddress) => Promise<PageContent>;

/** Of the pages that are the same for everybody. Throws not_found for what there is none of. */
export const pageContents: Partial<Record<PageName, Content>> = {
  home: async (rpc, { origin }) => {
    const [featured, categories] = await Promise.all([
      rpc.call(catalogRpc.listProducts, { featured: true, inStock: true, limit: 8 }),
      rpc.call(catalogRpc.listCategories, {}),
    ]);
    const structured = { '@context': 'https://schema.org', '@type': 'WebSite', name: shopName, url: origin };
    return {
      facts: { canonical: '/', structured, ...firstPicture(featured) },
      answers: { [featuredPath]: featured, [categoriesPath]: categories },
    };
  },
  products: async (rpc, { plain }) => {
    const { facts, answers } = await firstPage(rpc, plain);
    return { facts: { title: 'All products', ...facts, ...(plain && { canonical: '/products' }) }, answers };
  },
  category: async (rpc, { params, plain }) => {
    const slug = params['category']!;
    const categories = await rpc.call(catalogRpc.listCategories, {});
    const { items } = JSON.parse(categories.body.toString()) as CategoryList;
    const category = items.find((item) => item.slug === slug);
    if (!category) throw new AppError('not_found', 'There is no such category.');
    const { name, products } = category;
    const list = await firstPage(rpc, plain, slug);
    return {
      facts: {
        ...list.facts,
        title: name,
        description: `${name}: ${products} things, chosen with care, at ${shopName}.`,
        ...(plain && { canonical: `/categories/${slug}` }),
      },
      answers: { ...list.answers, [categoriesPath]: categories },
    };
  },
  product: async (rpc, { params, origin }) => {
    const key = productKey(params['product']!);
    const answer = await rpc.call(catalogRpc.getProduct, { product: key });
    const product = JSON.parse(answer.body.toString()) as Product;
    return {
      facts: {
        title: product.name,
        description: product.description,
        canonical: `/products/${product.slug}`,
        type: 'product',
        picture: product.images[0],
        pictureSizes: PRODUCT_IMAGE_SIZES,
        structured: structuredProduct(product, origin),
      },
      answers: { [productPath(key)]: answer },
    };
  },
};

async function firstPage(
  rpc: Rpc,
  plain: boolean,
  category?: string,
): Promise<{ facts: PageFacts; answers: Record<string, SerializedJson> }> {
  if (!plain) return { facts: {}, answers: {} };
  const query = { category, limit: PAGE_SIZE };
  const list = await rpc.call(catalogRpc.listProducts, query);
  return { facts: firstPicture(list), answers: { [productsPath(query)]: list } };
}

/** The first that is seen of a list. */
function firstPicture({ body }: SerializedJson): PageFacts {
  const { items } = JSON.parse(body.toString()) as ProductPage;
  return { picture: items.find(({ image }) => image)?.image, pictureSizes: CARD_IMAGE_SIZES };
}
