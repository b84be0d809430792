import { Body, Controller, Get, Post, Res, UseGuards } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { Category, CategoryList, NewCategory } from '@shop/contracts/products';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import { Documented, conditional } from '../documented.js';
import { sendSerializedJson } from '../send-serialized-json.js';
import { Staff } from '../sessions/guards.js';

@Controller('api/categories')
export class CategoriesController {
  constructor(private readonly rpc: Rpc) {}

  @Get()
  @Documented({ summary: 'All categories', answer: CategoryList, ...conditional })
  async list(@Res() reply: FastifyReply): Promise<void> {
    sendSerializedJson(reply, await this.rpc.call(catalogRpc.listCategories, {}));
  }

  @Post()
  @UseGuards(Staff)
  @Documented({
    summary: 'Add a category',
    answer: Category,
    refuses: ['slug_taken'],
    example: { slug: 'furniture', name: 'Furniture' },
  })
  create(@Body({ schema: NewCategory }) category: NewCategory): Promise<Category> {
    return this.rpc.call(catalogRpc.createCategory, category);
  }
}
