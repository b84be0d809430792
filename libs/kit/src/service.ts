// A service says of itself what it is; start() does the rest.
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Job } from '@shop/contracts/jobs';
import type { Rpc } from '@shop/contracts/rpc';
import type { ServiceName } from '@shop/contracts/services';
import type { ConfigDefinition } from './config.js';

export interface Service {
  name: ServiceName;
  /** The Nest module with everything the service consists of. */
  module: Type;
  config?: ConfigDefinition;
  /** What it promised to answer: start() refuses to boot when one has no handler, or two. */
  rpc?: Record<string, Rpc>;
  /** What it promised to work off; checked likewise. */
  jobs?: Record<string, Job>;
  /** How many of them at a time, out of the values of `config`; without it QUEUE_CONCURRENCY. */
  concurrency?: (config: never) => number;
  /** Whether its module has HTTP routes for the public door; a function prepares that door before the routes are made. */
  http?: boolean | ((app: NestFastifyApplication) => void);
}

export function defineService(service: Service): Service {
  return service;
}
