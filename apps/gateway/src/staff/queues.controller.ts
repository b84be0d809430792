import { All, Controller, Inject, Req, Res, UseGuards, type OnApplicationShutdown } from '@nestjs/common';
import { kitConfig, type KitConfig } from '@shop/kit/kit.config';
import { Log } from '@shop/kit/log';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Staff } from '../sessions/guards.js';
import type { QueuePage } from './queue-page.js';

/** The page loads only its own files, and has inline styles and images. */
const CSP =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; frame-ancestors 'none'";

@Controller('staff/queues')
@UseGuards(Staff)
export class QueuesController implements OnApplicationShutdown {
  private page: Promise<QueuePage> | undefined;

  constructor(
    @Inject(kitConfig.token) private readonly config: KitConfig,
    private readonly log: Log,
  ) {}

  @All(['', '*'])
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { statusCode, headers, body } = await (await this.open()).answer(request.method, request.url);
    await reply.code(statusCode).headers(headers).header('content-security-policy', CSP).send(body);
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.page)?.close();
  }

  /** On first use: Bull Board takes memory that a gateway without staff does not need. */
  private open(): Promise<QueuePage> {
    this.page ??= import('./queue-page.js').then(({ openQueuePage }) => openQueuePage(this.config, this.log));
    this.page.catch(() => (this.page = undefined));
    return this.page;
  }
}
