import { Module } from '@nestjs/common';
import { SessionsModule } from '../sessions/sessions.module.js';
import { CategoriesController } from './categories.controller.js';
import { ProductsController } from './products.controller.js';

@Module({
  imports: [SessionsModule],
  controllers: [ProductsController, CategoriesController],
})
export class ProductsModule {}
