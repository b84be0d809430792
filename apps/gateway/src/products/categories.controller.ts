import { Body, Controller, Get, Post, Req, Res, UseGuards } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { Category, CategoryList, NewCategory } from '@shop/contracts/products';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Documented, conditional } from '../docs/documented.js';
import { Staff } from '../sessions/guards.js';
import { sendSerializedJson } from '../send-serialized-json.js';

@Controller('api/categories')
export class CategoriesController {
  constructor(private readonly rpc: Rpc) {}

  @Get()
  @Documented({ summary: 'All categories', answer: CategoryList, ...conditional })
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    sendSerializedJson(request, reply, await this.rpc.call(catalogRpc.listCategories, {}));
  }

  @Post()
  @UseGuards(Staff)
  @Documented({
    summary: 'Add a category',
    status: 201,
    answer: Category,
    access: 'staff',
    refuses: ['slug_taken'],
    example: { slug: 'furniture', name: 'Furniture' },
  })
  create(@Body({ schema: NewCategory }) category: NewCategory): Promise<Category> {
    return this.rpc.call(catalogRpc.createCategory, category);
  }
}
