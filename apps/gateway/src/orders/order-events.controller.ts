import { finished, Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Res, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Customer } from '@shop/contracts/accounts';
import { Order, ordersRpc } from '@shop/contracts/orders';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import { AtOnce } from '../at-once.js';
import { Documented, orderParam } from '../docs/documented.js';
import { readId } from '../path-params.js';
import { CurrentSession, LoggedIn } from '../sessions/guards.js';
import { isOver, orderEvents } from './order-events.js';
import { Visitors, type CustomerSession } from '../sessions/visitors.js';

@Controller('api/orders')
@UseGuards(LoggedIn)
export class OrderEventsController {
  /** Of each customer. */
  private readonly streams = new AtOnce(10, 'streams');
  private readonly end = new AbortController();

  constructor(
    private readonly rpc: Rpc,
    private readonly visitors: Visitors,
  ) {}

  @Get(':id/events')
  @Documented({
    summary: 'The progress of an order, as it happens',
    description:
      'Server-sent events: `id` counts, `event` is `status`, `data` is the Order. Ends when the order is final; ' +
      'EventSource continues a broken stream by itself, at any replica. 204 when there is nothing more to come.',
    answer: Order,
    mediaType: 'text/event-stream',
    access: 'customer',
    params: orderParam,
    headers: { 'Last-Event-ID': { description: 'The last event you have seen', example: '2' } },
    refuses: ['not_found', 'rate_limited'],
  })
  async follow(
    @CurrentSession() session: CustomerSession,
    @Param('id') text: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const id = readId('order', text);
    const { customerId } = session;
    const ask = ({ role }: Customer) =>
      this.rpc.call(ordersRpc.getOrder, { id, customerId: role === 'staff' ? undefined : customerId });
    const order = await ask(session.customer);
    const lastId = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0;
    if (isOver(order, lastId)) return void reply.code(204).send();

    const leave = this.streams.enter(customerId);
    const gone = new AbortController();
    // Not once('close'): a client that left while the order was looked for has closed already.
    finished(reply.raw, () => {
      leave();
      gone.abort();
    });
    // A stream outlives its request's deadline, each look at the order has its own.
    const context = { requestId: currentContext()?.requestId ?? newRequestId(), deadlineAt: Infinity };
    const read = () => runInContext(context, async () => ask(await this.visitors.checkAgain(session)));
    const end = AbortSignal.any([this.end.signal, gone.signal]);
    void reply
      .headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no', connection: 'close' })
      .send(Readable.from(orderEvents({ order, lastId, read, end })));
  }

  /** Ends all streams; their clients continue elsewhere. */
  endAll(): void {
    this.end.abort();
  }
}

/** A door that closes waits for what is in flight, and a stream would keep it waiting. */
export function endStreamsOnClose(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preClose', (done) => {
      app.get(OrderEventsController).endAll();
      done();
    });
}
