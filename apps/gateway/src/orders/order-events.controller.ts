import { finished, Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Res, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Customer } from '@shop/contracts/accounts';
import { Order, ordersRpc } from '@shop/contracts/orders';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import { ConcurrencyLimit } from '../concurrency-limit.js';
import { Documented } from '../documented.js';
import { readId } from '../path-params.js';
import { CurrentSession, LoggedIn } from '../sessions/guards.js';
import { RequestSession, type CustomerSession } from '../sessions/request-session.js';
import { isOver, orderEvents } from './order-events.js';

@Controller('api/orders')
@UseGuards(LoggedIn)
export class OrderEventsController {
  /** Per customer. */
  private readonly streams = new ConcurrencyLimit(10, 'streams');
  private readonly closing = new AbortController();

  constructor(
    private readonly rpc: Rpc,
    private readonly requestSession: RequestSession,
  ) {}

  @Get(':id/events')
  @Documented({
    summary: 'The progress of an order as a stream',
    description:
      'Server-sent events: `id` is a sequence number, `event` is `status`, `data` is the Order. Ends when the order is ' +
      'final. EventSource resumes a broken stream, at any replica. 204 when no more events will follow.',
    answer: Order,
    mediaType: 'text/event-stream',
    headers: { 'Last-Event-ID': { description: 'The last event received', example: '2' } },
    refuses: ['rate_limited'],
  })
  async follow(
    @CurrentSession() session: CustomerSession,
    @Param('id') text: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const id = readId('order', text);
    const { customerId } = session;
    const readAs = ({ role }: Customer) =>
      this.rpc.call(ordersRpc.getOrder, { id, customerId: role === 'staff' ? undefined : customerId });
    const order = await readAs(session.customer);
    const lastId = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0;
    if (isOver(order, lastId)) return void reply.code(204).send();

    const leave = this.streams.enter(customerId);
    const gone = new AbortController();
    // Not once('close'): the client may have disconnected before this line.
    finished(reply.raw, () => {
      leave();
      gone.abort();
    });
    // The stream outlives the deadline of its request; each read has a deadline of its own.
    const context = { requestId: currentContext()?.requestId ?? newRequestId(), deadlineAt: Infinity };
    const read = () => runInContext(context, async () => readAs(await this.requestSession.checkAgain(session)));
    const end = AbortSignal.any([this.closing.signal, gone.signal]);
    void reply
      .headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no', connection: 'close' })
      .send(Readable.from(orderEvents({ order, lastId, read, end })));
  }

  /** Clients resume their streams at another replica. */
  endAll(): void {
    this.closing.abort();
  }
}

/** A closing server waits for requests in flight, so open streams would delay it. */
export function endStreamsOnClose(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preClose', (done) => {
      app.get(OrderEventsController).endAll();
      done();
    });
}
