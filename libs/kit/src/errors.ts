// The one error that is meant for a client. Anything else that is thrown is a bug or an outage.
import { problems, type ProblemCode, type ProblemExtras } from '@shop/contracts/problems';
import { isOutage } from './outage.js';

/** A refusal out of the contracts' table. It crosses hops unchanged and leaves as application/problem+json. */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: ProblemCode,
    /** One sentence for a person, naming what is wrong. */
    readonly detail: string = problems[code].title,
    readonly extras: ProblemExtras = {},
    /** Seconds after which trying again makes sense. */
    readonly retryAfterSeconds: number | undefined = problems[code].status === 503 ? 1 : undefined,
  ) {
    super(`${code}: ${detail}`);
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/** `unavailable` or `overloaded`, but a server that was asked and fell silent may still do it, until the call's deadline. */
export class InDoubt extends AppError {
  constructor({ code, detail, extras, retryAfterSeconds }: AppError) {
    super(code, detail, extras, retryAfterSeconds);
  }
}

/** An AppError on the wire between services. */
export type WireError = Pick<AppError, 'code' | 'detail' | 'extras' | 'retryAfterSeconds'>;

/** What a client is told of anything thrown: a refusal as it is, an outage as `unavailable`, a bug as `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError(isOutage(error) ? 'unavailable' : 'internal');
}

export function toWireError(error: unknown): WireError {
  const { code, detail, extras, retryAfterSeconds } = toAppError(error);
  return { code, detail, extras, retryAfterSeconds };
}

/** A newer server may refuse with codes that are not known here yet. */
export function fromWireError(wire: WireError): AppError {
  if (!Object.hasOwn(problems, wire.code)) return new AppError('internal', wire.detail);
  return new AppError(wire.code, wire.detail, wire.extras, wire.retryAfterSeconds);
}

interface Issue {
  path?: readonly unknown[] | undefined;
  message: string;
  /** The fields that zod does not know, in an issue of theirs. */
  keys?: readonly string[];
}

/** Of a body made to be wrong in a thousand places, the first ones do. */
const MOST_ERRORS = 50;

/** The AppError for what a zod schema found, with a dotted path per field. */
export function invalidRequest(issues: readonly Issue[]): AppError {
  const errors = issues
    .flatMap(({ path = [], message, keys }) =>
      keys
        ? keys.map((key) => ({ field: fieldPath([...path, key]), message: 'is not a field here' }))
        : [{ field: fieldPath(path), message }],
    )
    .slice(0, MOST_ERRORS);
  const first = errors[0];
  return new AppError('invalid_request', first ? `${first.field || 'body'}: ${first.message}` : undefined, { errors });
}

function fieldPath(path: readonly unknown[]): string {
  return path
    .map((segment) => (typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment))
    .reduce<string>(
      (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
      '',
    );
}
