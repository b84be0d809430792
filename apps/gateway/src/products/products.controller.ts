import { Body, Controller, Get, Headers, Param, Patch, Post, Query, Res, UseGuards } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { NewProduct, Product, ProductPage, ProductPatch, ProductQuery } from '@shop/contracts/products';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import { Documented, conditional } from '../documented.js';
import { productKey } from '../path-params.js';
import { sendSerializedJson } from '../send-serialized-json.js';
import { Staff } from '../sessions/guards.js';
import { readVersion } from './if-match.js';

@Controller('api/products')
export class ProductsController {
  constructor(private readonly rpc: Rpc) {}

  @Get()
  @Documented({ summary: 'Browse and search products', answer: ProductPage, ...conditional })
  async list(@Query({ schema: ProductQuery }) query: ProductQuery, @Res() reply: FastifyReply): Promise<void> {
    sendSerializedJson(reply, await this.rpc.call(catalogRpc.listProducts, query));
  }

  @Get(':product')
  @Documented({ summary: 'One product', answer: Product, ...conditional })
  async get(@Param('product') product: string, @Res() reply: FastifyReply): Promise<void> {
    sendSerializedJson(reply, await this.rpc.call(catalogRpc.getProduct, { product: productKey(product) }));
  }

  @Post()
  @UseGuards(Staff)
  @Documented({
    summary: 'Add a product',
    answer: Product,
    example: {
      name: 'Walnut desk',
      description: 'Oiled by hand.',
      category: 'furniture',
      priceCents: 49900,
      stock: 12,
    },
  })
  create(@Body({ schema: NewProduct }) product: NewProduct): Promise<Product> {
    return this.rpc.call(catalogRpc.createProduct, product);
  }

  @Patch(':product')
  @UseGuards(Staff)
  @Documented({
    summary: 'Change a product',
    answer: Product,
    headers: { 'If-Match': { description: 'The version to change, in quotes', required: true, example: '"7"' } },
    refuses: ['stale_version', 'version_required'],
    example: { priceCents: 44900, stockDelta: 5 },
  })
  update(
    @Param('product') product: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body({ schema: ProductPatch }) patch: ProductPatch,
  ): Promise<Product> {
    const version = readVersion(ifMatch);
    return this.rpc.call(catalogRpc.updateProduct, { product: productKey(product), version, patch });
  }
}
