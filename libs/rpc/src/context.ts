// What travels with a request from hop to hop without being passed as an argument.
import { AsyncLocalStorage } from 'node:async_hooks';
import { v7 as uuidv7 } from 'uuid';

export interface RequestContext {
  requestId: string;
  /** When the caller stops waiting, on this process's `performance.now()`; Infinity without a deadline. */
  deadlineAt: number;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

export function newRequestId(): string {
  return uuidv7();
}
