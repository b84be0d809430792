// Products as staff see them, hidden ones as well. Apart from what shoppers read, whose answers are copied on the way.
import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { StaffProduct, StaffProductPage, StaffProductQuery } from '@shop/contracts/products';
import { Rpc } from '@shop/rpc/rpc';
import { Documented, productParam } from '../docs/documented.js';
import { Staff } from '../sessions/guards.js';
import { productKey } from '../path-params.js';

@Controller('api/staff/products')
@UseGuards(Staff)
export class StaffProductsController {
  constructor(private readonly rpc: Rpc) {}

  @Get()
  @Documented({ summary: 'All products, hidden ones as well', answer: StaffProductPage, access: 'staff' })
  list(@Query({ schema: StaffProductQuery }) query: StaffProductQuery): Promise<StaffProductPage> {
    return this.rpc.call(catalogRpc.listStaffProducts, query);
  }

  @Get(':product')
  @Documented({
    summary: 'One product as it is now, also when it is hidden',
    answer: StaffProduct,
    access: 'staff',
    params: productParam,
    refuses: ['not_found'],
  })
  get(@Param('product') product: string): Promise<StaffProduct> {
    return this.rpc.call(catalogRpc.getStaffProduct, { product: productKey(product) });
  }
}
