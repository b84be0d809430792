import { Body, Controller, Delete, Get, Param, Put, Req, Res } from '@nestjs/common';
import { Cart, CartLineChange } from '@shop/contracts/carts';
import { AppError } from '@shop/rpc/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CartView } from './cart-view.js';
import { Carts, cartOf } from './carts.js';
import { Documented, productParam, setsCookie } from '../docs/documented.js';
import { productKey } from '../path-params.js';
import { Visitors } from '../sessions/visitors.js';

const nothing = { lines: [] };

@Controller('api/cart')
export class CartController {
  constructor(
    private readonly visitors: Visitors,
    private readonly carts: Carts,
    private readonly view: CartView,
  ) {}

  @Get()
  @Documented({ summary: 'Your cart at current prices', answer: Cart })
  async get(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Cart> {
    const session = await this.visitors.session(request, reply);
    return this.view.of(session ? await this.carts.read(cartOf(session)) : nothing);
  }

  @Put('lines/:product')
  @Documented({
    summary: 'Put a product into the cart; 0 takes it out',
    answer: Cart,
    params: productParam,
    refuses: ['not_found', 'rate_limited'],
    example: { quantity: 2 },
    ...setsCookie,
  })
  async setLine(
    @Param('product') product: string,
    @Body({ schema: CartLineChange }) { quantity }: CartLineChange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Cart> {
    if (quantity === 0) return this.removeLine(product, request, reply);
    const productId = await this.existing(productKey(product));
    const session = await this.visitors.sessionOrNew(request, reply);
    return this.view.of(await this.carts.setLine(cartOf(session), productId, quantity));
  }

  @Delete('lines/:product')
  @Documented({ summary: 'Take a product out of the cart', answer: Cart, params: productParam, refuses: ['not_found'] })
  async removeLine(
    @Param('product') product: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Cart> {
    const key = productKey(product);
    const session = await this.visitors.session(request, reply);
    const { lines } = session ? await this.carts.read(cartOf(session)) : nothing;
    // A product that is gone from the catalog can still be taken out.
    const productId = lines.find((line) => line.productId === key)?.productId ?? (await this.existing(key));
    return this.view.of(session ? await this.carts.setLine(cartOf(session), productId, 0) : nothing);
  }

  private async existing(key: string): Promise<string> {
    const productId = await this.view.productId(key);
    if (productId === undefined) throw new AppError('not_found', 'There is no such product.');
    return productId;
  }
}
