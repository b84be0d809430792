import { Controller } from '@nestjs/common';
import { ordersRpc } from '@shop/contracts/orders';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { Handles } from '@shop/rpc/handles';
import { OrdersService } from './orders.service.js';
import { toOrder } from './order.entity.js';
import { PlaceOrder } from './place-order.js';

type Rpcs = typeof ordersRpc;

@Controller()
export class OrdersController {
  constructor(
    private readonly placing: PlaceOrder,
    private readonly orders: OrdersService,
  ) {}

  @Handles(ordersRpc.placeOrder)
  async placeOrder(request: InputOf<Rpcs['placeOrder']>): Promise<OutputOf<Rpcs['placeOrder']>> {
    const placed = await this.placing.place(request);
    const cartVersion = placed.cartVersion ?? undefined;
    if (placed.alreadyOrderedAs === null) return { order: toOrder(placed), cartVersion };
    const { customerId, alreadyOrderedAs: id } = placed;
    return { order: await this.orders.get({ id, customerId }), cartVersion, alreadyOrdered: true };
  }

  @Handles(ordersRpc.getOrder)
  getOrder(query: InputOf<Rpcs['getOrder']>): Promise<OutputOf<Rpcs['getOrder']>> {
    return this.orders.get(query);
  }

  @Handles(ordersRpc.listOrders)
  listOrders(query: InputOf<Rpcs['listOrders']>): Promise<OutputOf<Rpcs['listOrders']>> {
    return this.orders.list(query);
  }

  @Handles(ordersRpc.orderStates)
  async orderStates({ ids }: InputOf<Rpcs['orderStates']>): Promise<OutputOf<Rpcs['orderStates']>> {
    return { orders: await this.orders.states(ids) };
  }
}
