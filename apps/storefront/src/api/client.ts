// Calls the shop's API. Every failure is an ApiError with a code that the pages have a text for.
import type { Problem, ProblemCode } from '@shop/contracts/problems';

/** `offline`: no response, or an incomplete one. */
export type ErrorCode = ProblemCode | 'offline';

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly code: ErrorCode,
    readonly problem: Partial<Problem> = {},
    /** Seconds until a retry makes sense. */
    readonly retryAfter?: number,
  ) {
    super(problem.detail ?? code);
  }

  /** The error of one field of the request. */
  field(name: string): string | undefined {
    return this.problem.errors?.find(({ field }) => field === name)?.message;
  }

  /** Whether a retry may succeed. */
  get passes(): boolean {
    return this.code === 'offline' || this.code === 'unavailable' || this.code === 'overloaded';
  }
}

export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export async function send<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const { body, headers, signal } = options;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: signal ?? null,
    });
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('offline');
  }
  throw await errorOf(response);
}

export async function errorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const retryAfter = Number(response.headers.get('retry-after')) || undefined;
  return new ApiError(problem.code ?? (response.status >= 500 ? 'unavailable' : 'internal'), problem, retryAfter);
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return send<T>('GET', path, signal ? { signal } : {});
}
