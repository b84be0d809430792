// What a route says of itself in /api/openapi.json; parameters and bodies are read from the handler's own schemas.
import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiHeader, ApiOperation, ApiParam, ApiResponse } from '@nestjs/swagger';
import type { ProblemCode } from '@shop/contracts/problems';
import type * as z from 'zod';

export interface Documentation {
  summary: string;
  description?: string;
  /** 200 unless said. */
  status?: number;
  /** The body of that answer; none for 204. */
  answer?: z.ZodType;
  answerHeaders?: Record<string, string>;
  /** Who may use it; everybody unless said. */
  access?: 'customer' | 'staff';
  params?: Record<string, { description: string; example: string }>;
  headers?: Record<string, { description: string; required?: boolean; example: string }>;
  /** Answers 304 to If-None-Match. */
  notModified?: boolean;
  /** Its own refusals; those that follow from its method, body and access are added. */
  refuses?: ProblemCode[];
  /** Of the request's body. */
  example?: object;
}

/** Where openapi.ts finds what Nest's decorators have no place for. */
export const EXTENSION = 'x-documentation';

export function Documented(documentation: Documentation): MethodDecorator {
  const { summary, description, status = 200, answer, answerHeaders = {}, params = {}, headers = {} } = documentation;
  const { access, refuses, example, notModified } = documentation;
  return applyDecorators(
    ApiOperation({ summary, description }),
    ApiResponse({
      status,
      description: status === 204 ? 'Done' : status === 202 ? 'Accepted' : 'Success',
      ...(answer ? { standardSchema: answer } : {}),
      headers: Object.fromEntries(
        Object.entries(answerHeaders).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...(notModified ? [ApiResponse({ status: 304, description: 'What you have is current' })] : []),
    ...Object.entries(params).map(([name, param]) => ApiParam({ name, ...param, schema: { type: 'string' } })),
    ...Object.entries(headers).map(([name, header]) => ApiHeader({ name, ...header })),
    ApiExtension(EXTENSION, { access, refuses, example }),
  );
}

export const productParam = { product: { description: 'Its id or its slug', example: 'walnut-desk' } };

/** Of a route that sends ready-made JSON. */
export const conditional = {
  notModified: true,
  headers: { 'If-None-Match': { description: 'The ETag of what you have', example: '"2jmj7l5rSw0yVb_vlWAYkK_YBwk"' } },
  answerHeaders: { ETag: 'Names these bytes', 'Cache-Control': 'How long copies may live' },
};

export const setsCookie = { answerHeaders: { 'Set-Cookie': 'Names the session; HttpOnly, SameSite=Lax' } };
