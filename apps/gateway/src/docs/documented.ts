// What a route says of itself in /api/openapi.json; parameters and bodies are read from the handler's own schemas.
import { SetMetadata } from '@nestjs/common';
import type { ProblemCode } from '@shop/contracts/problems';
import type * as z from 'zod';

export interface Documentation {
  summary: string;
  description?: string;
  /** 200 unless said. */
  status?: number;
  /** The body of that answer; none for 204. */
  answer?: z.ZodType;
  /** application/json unless said. */
  mediaType?: string;
  answerHeaders?: Record<string, string>;
  /** Who may use it; everybody unless said. */
  access?: 'customer' | 'staff';
  params?: Record<string, { description: string; example: string }>;
  headers?: Record<string, { description: string; required?: boolean; example: string }>;
  /** Answers 304 to If-None-Match. */
  notModified?: boolean;
  /** Its own refusals; those that follow from its method, body and access are added. */
  refuses?: ProblemCode[];
  /** What its body may be, byte for byte; JSON unless said. */
  bodyTypes?: string[];
  /** Of a JSON body. */
  example?: object;
}

const DOCUMENTATION = Symbol('documentation');

export function Documented(documentation: Documentation): MethodDecorator {
  return SetMetadata(DOCUMENTATION, documentation);
}

export function documentationOf(handler: object): Documentation | undefined {
  return Reflect.getMetadata(DOCUMENTATION, handler) as Documentation | undefined;
}

export const orderParam = {
  id: { description: 'The id of an order', example: '01900000-0000-7000-8000-00000000000a' },
};

export const imageParam = {
  id: { description: 'The id of an image', example: '01900000-0000-7000-8000-0000000000b1' },
};

export const productParam = { product: { description: 'Its id or its slug', example: 'walnut-desk' } };

/** Of a route that sends serialized JSON. */
export const conditional = {
  notModified: true,
  headers: { 'If-None-Match': { description: 'The ETag of what you have', example: '"2jmj7l5rSw0yVb_vlWAYkK_YBwk"' } },
  answerHeaders: { ETag: 'Names these bytes', 'Cache-Control': 'How long copies may live' },
};

export const setsCookie = { answerHeaders: { 'Set-Cookie': 'Names the session; HttpOnly, SameSite=Lax' } };
