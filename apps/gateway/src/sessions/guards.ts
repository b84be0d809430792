// Access control of routes: @UseGuards(LoggedIn) or @UseGuards(Staff).
import { createParamDecorator, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AppError } from '@shop/rpc/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequestSession, type CustomerSession } from './request-session.js';

const SESSION = Symbol('session');
type GuardedRequest = FastifyRequest & { [SESSION]?: CustomerSession };

export const CurrentSession = createParamDecorator((_: unknown, context: ExecutionContext): CustomerSession => {
  const session = context.switchToHttp().getRequest<GuardedRequest>()[SESSION];
  if (!session) throw new Error('@CurrentSession() needs @UseGuards(LoggedIn) or @UseGuards(Staff)');
  return session;
});

@Injectable()
export class LoggedIn implements CanActivate {
  constructor(private readonly requestSession: RequestSession) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const session = await this.requestSession.find(http.getResponse<FastifyReply>());
    if (session?.customerId === undefined) throw new AppError('login_required');
    http.getRequest<GuardedRequest>()[SESSION] = session;
    return true;
  }
}

@Injectable()
export class Staff extends LoggedIn {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await super.canActivate(context);
    const { customer } = context.switchToHttp().getRequest<GuardedRequest>()[SESSION]!;
    if (customer.role !== 'staff') throw new AppError('forbidden', 'Only staff may do this.');
    return true;
  }
}
