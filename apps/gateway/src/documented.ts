// What /api/openapi.json says about a route beyond what its decorators and schemas say.
import { SetMetadata } from '@nestjs/common';
import type { ProblemCode } from '@shop/contracts/problems';
import type * as z from 'zod';

export interface Documentation {
  summary: string;
  description?: string;
  /** The body of a successful response. */
  answer?: z.ZodType;
  /** Of a response that is a file or a stream. */
  mediaType?: string;
  answerHeaders?: Record<string, string>;
  headers?: Record<string, { description: string; required?: boolean; example: string }>;
  /** If-None-Match is answered with 304. */
  notModified?: boolean;
  /** Problems of this route alone; those that follow from its method, path, body and guards are added. */
  refuses?: ProblemCode[];
  /** Media types of a body that is not JSON. */
  bodyTypes?: string[];
  /** A JSON body. */
  example?: object;
}

const DOCUMENTATION = Symbol('documentation');

export function Documented(documentation: Documentation): MethodDecorator {
  return SetMetadata(DOCUMENTATION, documentation);
}

export function documentationOf(handler: object): Documentation | undefined {
  return Reflect.getMetadata(DOCUMENTATION, handler) as Documentation | undefined;
}

/** For routes that send serialized JSON. */
export const conditional = {
  notModified: true,
  headers: { 'If-None-Match': { description: 'ETag of a copy', example: '"2jmj7l5rSw0yVb_vlWAYkK_YBwk"' } },
  answerHeaders: { ETag: 'Identifies this representation', 'Cache-Control': 'How long copies may be used' },
};

export const setsCookie = { answerHeaders: { 'Set-Cookie': 'The session id; HttpOnly, SameSite=Lax' } };
