// A stored cart with the catalog's current prices.
import { Injectable } from '@nestjs/common';
import type { Cart } from '@shop/contracts/carts';
import { catalogRpc, type PricedProduct } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import { Rpc } from '@shop/rpc/rpc';
import type { StoredCart } from './carts.js';

@Injectable()
export class CartView {
  constructor(private readonly rpc: Rpc) {}

  /** Without products that are gone from the catalog. */
  async of({ lines: stored }: StoredCart): Promise<Cart> {
    const products = stored.length === 0 ? [] : await this.price(stored.map(({ productId }) => productId));
    const priced = new Map(products.map((product) => [product.productId, product]));
    const lines = stored.flatMap(({ productId, quantity }) => {
      const product = priced.get(productId);
      if (!product) return [];
      const { slug, name, priceCents, stock } = product;
      const [lineTotalCents, inStock] = [priceCents * quantity, stock >= quantity];
      return { productId, slug, name, quantity, priceCents, lineTotalCents, inStock };
    });
    return { lines, totalCents: lines.reduce((sum, line) => sum + line.lineTotalCents, 0), currency: CURRENCY };
  }

  /** By ids or slugs; unknown ones are left out. */
  async price(products: string[]): Promise<PricedProduct[]> {
    return (await this.rpc.call(catalogRpc.priceProducts, { products })).products;
  }
}
