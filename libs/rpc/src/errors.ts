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

/** `unavailable` or `overloaded`, but a server that was asked and became unresponsive may still do it, until the call's deadline. */
export class InDoubt extends AppError {
  constructor({ code, detail, extras, retryAfterSeconds, cause }: AppError) {
    super(code, detail, extras, retryAfterSeconds);
    because(this, cause);
  }
}

/** `error` with what lies behind it, which is for the log alone. */
export function because<E extends AppError>(error: E, cause: unknown): E {
  return cause === undefined ? error : Object.defineProperty(error, 'cause', { value: cause });
}

/** An AppError on the wire between services. */
export type WireError = Pick<AppError, 'code' | 'detail' | 'extras' | 'retryAfterSeconds'> & {
  /** Of an outage, for the caller's log. */
  reason?: string | undefined;
};

/** What a client is told of anything thrown: a refusal as it is, an outage as `unavailable`, a bug as `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return because(new AppError(isOutage(error) ? 'unavailable' : 'internal'), error);
}

/** What lies behind an error, for the log: `ECONNREFUSED: connect …`, `57014: canceling statement due to statement timeout`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AppError) return error.cause === undefined ? error.detail : reasonOf(error.cause);
  // Of a host with several addresses: it has a code, but no message.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const { code } = error as { code?: unknown };
  const text = error.message || error.name;
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}

export function toWireError(error: unknown): WireError {
  const refusal = toAppError(error);
  const { code, detail, extras, retryAfterSeconds, cause } = refusal;
  // What a bug says of itself stays where it happened.
  const reason = cause === undefined || code === 'internal' ? undefined : reasonOf(refusal);
  return { code, detail, extras, retryAfterSeconds, reason };
}

/** A newer server may refuse with a code unknown here: a retry may reach a caller that knows it. */
export function fromWireError({ code, detail, extras, retryAfterSeconds, reason }: WireError): AppError {
  if (!Object.hasOwn(problems, code))
    return because(new AppError('unavailable', detail), `refused with ${code}, which is not known here`);
  return because(new AppError(code, detail, extras, retryAfterSeconds), reason);
}

const UNKNOWN_FIELD = 'is not a field here';

/** Whether a server refused an input for nothing but fields that it does not know: that of a newer caller. */
export function refusesNewFields({ code, extras }: WireError): boolean {
  const { errors = [] } = code === 'invalid_request' ? extras : {};
  return errors.length > 0 && errors.every(({ message }) => message === UNKNOWN_FIELD);
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
        ? keys.map((key) => ({ field: fieldPath([...path, key]), message: UNKNOWN_FIELD }))
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
