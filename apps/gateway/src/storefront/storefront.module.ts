import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Rpc } from '@shop/rpc/rpc';
import { gatewayConfig, type GatewayConfig } from '../gateway.config.js';
import { serveStorefront } from './storefront.js';

/** Routes of Fastify rather than of a controller: they follow the table of pages, and only where a storefront was built. */
@Module({})
export class StorefrontModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly rpc: Rpc,
    @Inject(gatewayConfig.token) private readonly config: GatewayConfig,
  ) {}

  onModuleInit(): void {
    serveStorefront(this.host.httpAdapter.getInstance(), this.rpc, this.config);
  }
}
