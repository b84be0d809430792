// The response of all contenders of the RPC benchmark: the JSON of a product, serialized once.
import 'reflect-metadata';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { catalogRpc } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import { Handles } from '@shop/rpc/handles';
import { SerializedJson } from '@shop/rpc/serialized-json';

export const productId = '019aa1b2-0000-7000-8000-000000000001';
const product = {
  id: productId,
  slug: 'walnut-desk-lamp',
  name: 'Walnut desk lamp',
  category: { slug: 'lighting', name: 'Lighting' },
  priceCents: 7900,
  currency: CURRENCY,
  description: 'A lamp that stands where you work. '.repeat(34),
  images: [],
  tags: ['wood', 'warm'],
  updatedAt: '2026-11-22T06:00:00.000Z',
};

export const ready = SerializedJson.of(product);
export const served = { calls: 0 };
const text = ready.body.toString();

class BalancedController {
  getProduct(): Promise<SerializedJson> {
    served.calls += 1;
    return Promise.resolve(ready);
  }
}

class PlainController {
  asText(): Promise<string> {
    return Promise.resolve(text);
  }
  asObject(): Promise<typeof product> {
    return Promise.resolve(product);
  }
}

// Node runs this file directly, and type stripping does not support decorator syntax.
Controller()(BalancedController);
decorate(BalancedController, 'getProduct', Handles(catalogRpc.getProduct) as MethodDecorator);
Controller()(PlainController);
decorate(PlainController, 'asText', MessagePattern('text'));
decorate(PlainController, 'asObject', MessagePattern('object'));

function decorate(target: { prototype: object }, method: string, decorator: MethodDecorator): void {
  decorator(target.prototype, method, Object.getOwnPropertyDescriptor(target.prototype, method)!);
}

function moduleOf(controller: new () => object) {
  return { module: class BenchModule {}, controllers: [controller] };
}

export const balancedModule = moduleOf(BalancedController);
export const plainModule = moduleOf(PlainController);
