// A remote procedure is a name with an input, an output and the promises its callers may rely on.
import * as z from 'zod';

export interface RpcOptions<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  input: I;
  output: O;
  /** Doing it twice equals doing it once, so a caller may try again after a failure whose outcome it does not know. */
  idempotent: boolean;
  /** Milliseconds a call may take, all tries together; the caller's own deadline shortens it. */
  deadlineMs: number;
  /** The answer is JSON made by its owner, passed on as bytes with an ETag, never parsed on the way. */
  serialized?: boolean;
}

export interface Rpc<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends RpcOptions<I, O> {
  /** The service that answers. */
  service: string;
  /** `<service>.<procedure>` */
  name: string;
}

export type InputOf<R> = R extends { input: infer I extends z.ZodType } ? z.output<I> : never;
export type OutputOf<R> = R extends { output: infer O extends z.ZodType } ? z.output<O> : never;

export type Rpcs<T extends Record<string, RpcOptions>> = { [K in keyof T]: T[K] & { service: string; name: string } };

/** The procedures that `service` answers; each key is the procedure's name. */
export function defineRpcs<const T extends Record<string, RpcOptions>>(service: string, procedures: T): Rpcs<T> {
  return Object.fromEntries(
    Object.entries(procedures).map(([key, options]) => [key, { ...options, service, name: `${service}.${key}` }]),
  ) as Rpcs<T>;
}
