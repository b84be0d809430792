import { Controller } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { Handles } from '@shop/rpc/handles';
import type { SerializedJson } from '@shop/rpc/serialized-json';
import { ProductReads } from './product-reads.js';
import { ProductsService } from './products.service.js';
import { Sitemaps } from './sitemaps.js';

type In<K extends keyof typeof catalogRpc> = InputOf<(typeof catalogRpc)[K]>;
type Out<K extends keyof typeof catalogRpc> = Promise<OutputOf<(typeof catalogRpc)[K]>>;

@Controller()
export class ProductsController {
  constructor(
    private readonly reads: ProductReads,
    private readonly products: ProductsService,
    private readonly sitemaps: Sitemaps,
  ) {}

  @Handles(catalogRpc.listProducts)
  listProducts(query: In<'listProducts'>): Promise<SerializedJson> {
    return this.reads.list(query);
  }

  @Handles(catalogRpc.getProduct)
  getProduct({ product }: In<'getProduct'>): Promise<SerializedJson> {
    return this.reads.product(product);
  }

  @Handles(catalogRpc.listCategories)
  listCategories(): Promise<SerializedJson> {
    return this.reads.categories();
  }

  @Handles(catalogRpc.getSitemap)
  getSitemap(): Out<'getSitemap'> {
    return this.sitemaps.list();
  }

  @Handles(catalogRpc.getSitemapPart)
  getSitemapPart({ part }: In<'getSitemapPart'>): Promise<SerializedJson> {
    return this.sitemaps.get(part);
  }

  @Handles(catalogRpc.createCategory)
  createCategory(input: In<'createCategory'>): Out<'createCategory'> {
    return this.products.createCategory(input);
  }

  @Handles(catalogRpc.createProduct)
  createProduct(input: In<'createProduct'>): Out<'createProduct'> {
    return this.products.create(input);
  }

  @Handles(catalogRpc.updateProduct)
  updateProduct({ product, version, patch }: In<'updateProduct'>): Out<'updateProduct'> {
    return this.products.update(product, version, patch);
  }

  @Handles(catalogRpc.listStaffProducts)
  listStaffProducts(query: In<'listStaffProducts'>): Out<'listStaffProducts'> {
    return this.reads.staffList(query);
  }

  @Handles(catalogRpc.getStaffProduct)
  getStaffProduct({ product }: In<'getStaffProduct'>): Out<'getStaffProduct'> {
    return this.products.get(product);
  }

  @Handles(catalogRpc.priceProducts)
  async priceProducts({ products }: In<'priceProducts'>): Out<'priceProducts'> {
    return { products: await this.products.price(products) };
  }
}
