import { Body, Controller, Delete, Get, Param, Put, Res } from '@nestjs/common';
import { Cart, CartLineChange } from '@shop/contracts/carts';
import { AppError } from '@shop/rpc/errors';
import type { FastifyReply } from 'fastify';
import { Documented, setsCookie } from '../documented.js';
import { productKey } from '../path-params.js';
import { RequestSession } from '../sessions/request-session.js';
import { CartView } from './cart-view.js';
import { Carts, cartOf } from './carts.js';

const emptyCart = { lines: [] };

@Controller('api/cart')
export class CartController {
  constructor(
    private readonly requestSession: RequestSession,
    private readonly carts: Carts,
    private readonly view: CartView,
  ) {}

  @Get()
  @Documented({ summary: 'Your cart at current prices', answer: Cart })
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<Cart> {
    const session = await this.requestSession.find(reply);
    return this.view.of(session ? await this.carts.read(cartOf(session)) : emptyCart);
  }

  @Put('lines/:product')
  @Documented({
    summary: 'Set the quantity of a product in your cart; 0 removes it',
    answer: Cart,
    refuses: ['rate_limited'],
    example: { quantity: 2 },
    ...setsCookie,
  })
  async setLine(
    @Param('product') product: string,
    @Body({ schema: CartLineChange }) { quantity }: CartLineChange,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Cart> {
    if (quantity === 0) return this.removeLine(product, reply);
    const productId = await this.productId(productKey(product));
    const session = await this.requestSession.findOrBegin(reply);
    return this.view.of(await this.carts.setLine(cartOf(session), productId, quantity));
  }

  @Delete('lines/:product')
  @Documented({ summary: 'Remove a product from your cart', answer: Cart })
  async removeLine(@Param('product') product: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Cart> {
    const key = productKey(product);
    const session = await this.requestSession.find(reply);
    const { lines } = session ? await this.carts.read(cartOf(session)) : emptyCart;
    // The cart first, so that a product that is gone from the catalog can be removed.
    const productId = lines.find((line) => line.productId === key)?.productId ?? (await this.productId(key));
    return this.view.of(session ? await this.carts.setLine(cartOf(session), productId, 0) : emptyCart);
  }

  private async productId(key: string): Promise<string> {
    const [product] = await this.view.price([key]);
    if (!product) throw new AppError('not_found', 'There is no such product.');
    return product.productId;
  }
}
