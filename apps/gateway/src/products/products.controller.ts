import { Body, Controller, Get, Headers, Param, Patch, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { NewProduct, Product, ProductPage, ProductPatch, ProductQuery } from '@shop/contracts/products';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Documented, conditional, productParam } from '../docs/documented.js';
import { Staff } from '../sessions/guards.js';
import { versionFrom } from './if-match.js';
import { productKey } from '../path-params.js';
import { sendSerializedJson } from '../send-serialized-json.js';

@Controller('api/products')
export class ProductsController {
  constructor(private readonly rpc: Rpc) {}

  @Get()
  @Documented({ summary: 'Browse and search products', answer: ProductPage, ...conditional })
  async list(
    @Query({ schema: ProductQuery }) query: ProductQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendSerializedJson(request, reply, await this.rpc.call(catalogRpc.listProducts, query));
  }

  @Get(':product')
  @Documented({ summary: 'One product', answer: Product, params: productParam, refuses: ['not_found'], ...conditional })
  async get(
    @Param('product') product: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendSerializedJson(request, reply, await this.rpc.call(catalogRpc.getProduct, { product: productKey(product) }));
  }

  @Post()
  @UseGuards(Staff)
  @Documented({
    summary: 'Add a product',
    status: 201,
    answer: Product,
    access: 'staff',
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
    access: 'staff',
    params: productParam,
    headers: { 'If-Match': { description: 'The version that was read, in quotes', required: true, example: '"7"' } },
    refuses: ['not_found', 'stale_version', 'version_required'],
    example: { priceCents: 44900, stockDelta: 5 },
  })
  update(
    @Param('product') product: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body({ schema: ProductPatch }) patch: ProductPatch,
  ): Promise<Product> {
    const version = versionFrom(ifMatch);
    return this.rpc.call(catalogRpc.updateProduct, { product: productKey(product), version, patch });
  }
}
