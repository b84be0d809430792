// Stripe's webhook. Stripe signs the bytes of the body, so payments receives them unchanged.
import { Body, Controller, Headers, HttpCode, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { paymentsRpc } from '@shop/contracts/payments';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { Documented } from '../documented.js';

const StripeEvent = z.looseObject({ id: z.string(), type: z.string() });
const Received = z.object({ received: z.literal(true) });

const RAW_BODY = Symbol('raw body');
type RawRequest = FastifyRequest & { [RAW_BODY]?: Buffer[] };

@Controller('api/payments/stripe/events')
export class StripeEventsController {
  constructor(private readonly rpc: Rpc) {}

  @Post()
  @HttpCode(200)
  @Documented({
    summary: 'Webhook of Stripe',
    description: 'Refused without a valid signature from the last five minutes. Repeated events are deduplicated.',
    answer: Received,
    headers: { 'Stripe-Signature': { description: 'Time and signature', required: true, example: 't=1,v1=5257a8' } },
    refuses: ['not_found'],
    example: {
      id: 'evt_1',
      type: 'payment_intent.succeeded',
      data: { object: { id: 'pi_1', object: 'payment_intent' } },
    },
  })
  async receive(
    @Req() request: RawRequest,
    @Headers('stripe-signature') signature: string = '',
    @Body({ schema: StripeEvent }) _event: z.infer<typeof StripeEvent>,
  ): Promise<z.infer<typeof Received>> {
    const body = Buffer.concat(request[RAW_BODY]!).toString();
    await this.rpc.call(paymentsRpc.receiveStripeEvent, { body, signature: signature.slice(0, 2000) });
    return { received: true };
  }
}

/** Keeps the raw bytes of the body, on this route only. */
export function keepRawStripeEvents(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRoute', (route) => {
    if (route.url !== '/api/payments/stripe/events' || route.method !== 'POST') return;
    route.preParsing = (request, _reply, payload, done) => {
      const chunks: Buffer[] = ((request as RawRequest)[RAW_BODY] = []);
      payload.on('data', (chunk: Buffer) => chunks.push(chunk));
      done(null, payload);
    };
  });
}
