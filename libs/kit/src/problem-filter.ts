// Whatever is thrown leaves as application/problem+json; what was not meant for the client is logged whole.
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { problems, type Problem, type ProblemCode } from '@shop/contracts/problems';
import { AppError, reasonOf, toAppError } from '@shop/rpc/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import type { Log } from './log.js';

/** Of what is nothing to guess at, to frame or to run. */
export const inert = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(thrown: unknown, host: ArgumentsHost): Observable<never> | void {
    // The RPC server has its own way of telling errors; Nest must not replace them first.
    if (host.getType() === 'rpc') return throwError(() => thrown);
    const http = host.switchToHttp();
    sendProblem(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.log);
  }
}

/** Why requests failed, for the line that each of them gets in the log. */
const failures = new WeakMap<FastifyRequest, { code: ProblemCode; reason: string }>();

export function failureOf(request: FastifyRequest): { code: ProblemCode; reason: string } | undefined {
  return failures.get(request);
}

export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const error = fromFramework(thrown, request) ?? toAppError(thrown);
  if (error.status >= 500) failures.set(request, { code: error.code, reason: reasonOf(thrown) });
  // Bugs keep their stack.
  if (!(thrown instanceof AppError) && error.code === 'internal')
    log.pino.error({ err: thrown, requestId: request.id }, error.code);
  if (reply.sent) return;
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', Math.ceil(error.retryAfterSeconds));
  // JSON.stringify here and a Buffer to Fastify: its own serialisers are for routes with a response schema.
  void reply
    .code(error.status)
    .headers({ ...inert, 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    .send(Buffer.from(JSON.stringify(problemOf(error, request.id))));
}

export function problemOf({ code, detail, extras, status }: AppError, requestId: string): Problem {
  return { type: 'about:blank', title: problems[code].title, status, code, detail, requestId, ...extras };
}

/** What Fastify and Nest themselves refuse, in our words. */
function fromFramework(thrown: unknown, request: FastifyRequest): AppError | undefined {
  if (thrown instanceof AppError || !(thrown instanceof Error)) return undefined;
  const status = thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown }).statusCode;
  switch (status) {
    case 404:
      return new AppError('not_found', `There is no ${request.url.split('?')[0]}.`);
    case 413:
      return new AppError('payload_too_large', 'The body is larger than is accepted here.');
    case 415:
      return new AppError('unsupported_media_type', 'The body must be application/json.');
    default:
      return typeof status === 'number' && status >= 400 && status < 500
        ? new AppError('invalid_request', thrown.message)
        : undefined;
  }
}
