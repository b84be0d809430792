import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { InputOf, OutputOf, Rpc as Procedure } from '@shop/contracts/rpc';
import { throwError, type Observable } from 'rxjs';
import type { RequestContext } from './context.js';
import type { SerializedJson } from './serialized-json.js';

/** What a call resolves to: its output, or the bytes of it when its contract says `serialized`. */
export type AnswerOf<R> = R extends { serialized: true } ? SerializedJson : OutputOf<R>;

type Handler<R> = (input: InputOf<R>, context: RequestContext) => AnswerOf<R> | Promise<AnswerOf<R>>;

/** Nest's own filter would turn every error into "Internal server error"; RpcServer maps each one instead. */
@Catch()
class PassOn implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Makes a controller's method answer `rpc`. Its input is checked before; to refuse, it throws an AppError. */
export function Handles<R extends Procedure>(rpc: R) {
  const decorators = [MessagePattern(rpc.name, { rpc }), UseFilters(new PassOn())];
  return <H extends Handler<R>>(target: object, key: string | symbol, method: TypedPropertyDescriptor<H>): void => {
    for (const decorate of decorators) decorate(target, key, method);
  };
}
