// AppError, the only error meant for clients. Anything else that is thrown is a bug or an outage.
import { problems, type ProblemCode, type ProblemExtras } from '@shop/contracts/problems';
import { isOutage } from './outage.js';

/** A refusal with a code from the contracts' table. It crosses hops unchanged and leaves as application/problem+json. */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: ProblemCode,
    /** One sentence for a person, naming what is wrong. */
    readonly detail: string = problems[code].title,
    readonly extras: ProblemExtras = {},
    readonly retryAfterSeconds: number | undefined = problems[code].status === 503 ? 1 : undefined,
  ) {
    super(`${code}: ${detail}`);
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/** `unavailable` or `overloaded`, but a server whose connection was lost may still execute the call until its deadline. */
export class InDoubt extends AppError {
  constructor({ code, detail, extras, retryAfterSeconds, cause }: AppError) {
    super(code, detail, extras, retryAfterSeconds);
    because(this, cause);
  }
}

/** Adds the cause of `error`, which is for the log alone. */
export function because<E extends AppError>(error: E, cause: unknown): E {
  return cause === undefined ? error : Object.defineProperty(error, 'cause', { value: cause });
}

/** An AppError on the wire between services. */
export type WireError = Pick<AppError, 'code' | 'detail' | 'extras' | 'retryAfterSeconds'> & {
  /** The cause of an outage, for the caller's log. */
  reason?: string | undefined;
};

/** Maps anything thrown to what the client sees: a refusal as it is, an outage as `unavailable`, a bug as `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return because(new AppError(isOutage(error) ? 'unavailable' : 'internal'), error);
}

/** The cause of an error, for the log: `ECONNREFUSED: connect …`, `57014: canceling statement due to statement timeout`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AppError) return error.cause === undefined ? error.detail : reasonOf(error.cause);
  // Connecting to a host with several addresses fails with one that has a code, but no message.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const { code } = error as { code?: unknown };
  const text = error.message || error.name;
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}

export function toWireError(error: unknown): WireError {
  const refusal = toAppError(error);
  const { code, detail, extras, retryAfterSeconds, cause } = refusal;
  // The message of a bug may hold secrets: it stays where it happened.
  const reason = cause === undefined || code === 'internal' ? undefined : reasonOf(refusal);
  return { code, detail, extras, retryAfterSeconds, reason };
}

/** A newer server may refuse with a code unknown here, which is `unavailable` to this older caller. */
export function fromWireError({ code, detail, extras, retryAfterSeconds, reason }: WireError): AppError {
  if (!Object.hasOwn(problems, code))
    return because(new AppError('unavailable', detail), `refused with the unknown code ${code}`);
  return because(new AppError(code, detail, extras, retryAfterSeconds), reason);
}

/** Compared with the messages of servers of other versions, so it must not change. */
const UNKNOWN_FIELD = 'is not a field here';

/** Whether a server refused an input only because of fields that it does not know: those of a newer caller. */
export function refusesNewFields({ code, extras }: WireError): boolean {
  const { errors = [] } = code === 'invalid_request' ? extras : {};
  return errors.length > 0 && errors.every(({ message }) => message === UNKNOWN_FIELD);
}

interface Issue {
  path?: readonly unknown[] | undefined;
  message: string;
  /** The names of unknown fields, in zod's issue about them. */
  keys?: readonly string[];
}

/** Cap on reported field errors: a hostile body may have thousands. */
const MAX_FIELD_ERRORS = 50;

/** The AppError for what a zod schema found, with a dotted path per field. */
export function invalidRequest(issues: readonly Issue[]): AppError {
  const errors = issues
    .flatMap(({ path = [], message, keys }) =>
      keys
        ? keys.map((key) => ({ field: fieldPath([...path, key]), message: UNKNOWN_FIELD }))
        : [{ field: fieldPath(path), message }],
    )
    .slice(0, MAX_FIELD_ERRORS);
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
