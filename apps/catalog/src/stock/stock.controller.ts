import { Controller } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { failPoint } from '@shop/kit/fail-point';
import { Handles } from '@shop/rpc/handles';
import { Reservations } from './reserve.js';

type In<K extends keyof typeof catalogRpc> = InputOf<(typeof catalogRpc)[K]>;
type Out<K extends keyof typeof catalogRpc> = Promise<OutputOf<(typeof catalogRpc)[K]>>;

@Controller()
export class StockController {
  constructor(private readonly reservations: Reservations) {}

  @Handles(catalogRpc.reserve)
  async reserve({ orderId, lines, expectedTotalCents }: In<'reserve'>): Out<'reserve'> {
    failPoint('catalog.before-reserving');
    const answer = await this.reservations.reserve(orderId, lines, expectedTotalCents);
    failPoint('catalog.after-reserving');
    return answer;
  }

  @Handles(catalogRpc.confirmReservation)
  async confirmReservation({ orderId }: In<'confirmReservation'>): Out<'confirmReservation'> {
    const done = await this.reservations.confirm(orderId);
    failPoint('catalog.after-confirming');
    return { done };
  }

  @Handles(catalogRpc.releaseReservation)
  async releaseReservation({ orderId }: In<'releaseReservation'>): Out<'releaseReservation'> {
    const done = await this.reservations.release(orderId);
    failPoint('catalog.after-releasing');
    return { done };
  }
}
