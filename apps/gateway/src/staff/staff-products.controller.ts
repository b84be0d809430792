// Products with the hidden ones, under a path of their own: responses under /api/products are cached by URL for everyone.
import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { StaffProduct, StaffProductPage, StaffProductQuery } from '@shop/contracts/products';
import { Rpc } from '@shop/rpc/rpc';
import { Documented } from '../documented.js';
import { productKey } from '../path-params.js';
import { Staff } from '../sessions/guards.js';

@Controller('api/staff/products')
@UseGuards(Staff)
export class StaffProductsController {
  constructor(private readonly rpc: Rpc) {}

  @Get()
  @Documented({ summary: 'All products, including hidden ones', answer: StaffProductPage })
  list(@Query({ schema: StaffProductQuery }) query: StaffProductQuery): Promise<StaffProductPage> {
    return this.rpc.call(catalogRpc.listStaffProducts, query);
  }

  @Get(':product')
  @Documented({ summary: 'The current state of one product, hidden or not', answer: StaffProduct })
  get(@Param('product') product: string): Promise<StaffProduct> {
    return this.rpc.call(catalogRpc.getStaffProduct, { product: productKey(product) });
  }
}
