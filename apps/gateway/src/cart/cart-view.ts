// A cart as its owner sees it: what was put in, at the catalog's prices of this moment.
import { Injectable } from '@nestjs/common';
import type { Cart } from '@shop/contracts/carts';
import { catalogRpc } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import { Rpc } from '@shop/rpc/rpc';
import type { StoredCart } from './carts.js';

@Injectable()
export class CartView {
  constructor(private readonly rpc: Rpc) {}

  /** Products that are gone from the catalog are left out. */
  async of({ lines }: StoredCart): Promise<Cart> {
    const products = lines.length === 0 ? [] : await this.price(lines.map(({ productId }) => productId));
    const priced = new Map(products.map((product) => [product.productId, product]));
    const shown = lines.flatMap(({ productId, quantity }) => {
      const product = priced.get(productId);
      if (!product) return [];
      const { slug, name, priceCents, stock } = product;
      return {
        productId,
        slug,
        name,
        quantity,
        priceCents,
        lineTotalCents: priceCents * quantity,
        inStock: stock >= quantity,
      };
    });
    return { lines: shown, totalCents: shown.reduce((sum, line) => sum + line.lineTotalCents, 0), currency: CURRENCY };
  }

  /** The id of the product with this id or slug; undefined when there is none. */
  async productId(product: string): Promise<string | undefined> {
    const [found] = await this.price([product]);
    return found?.productId;
  }

  private async price(products: string[]) {
    return (await this.rpc.call(catalogRpc.priceProducts, { products })).products;
  }
}
