// Errors that mean "Postgres, Redis or the storage cannot be used right now", as their clients report them.

/** Of Node's sockets: connection refused, reset or timed out, name or host not found. */
const connectionCodes = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;

/** SQLSTATE classes 08 (connection), 53 (resources), 57P (shutdown, starting up); 57014 is statement_timeout, 25006 a primary that became a standby. */
const outageStates = /^(08...|53...|57P0[1-5]|57014|25006)$/;

/** flydrive: the storage is away, full or not writable. */
const storageCodes = /^E_CANNOT_/;

const outageMessages = [
  'Connection terminated', // pg: the server went away
  'is not currently accepting connections', // Postgres: allow_connections is off
  'timeout exceeded when trying to connect', // pg-pool: no connection within connectionTimeoutMillis
  'Query read timeout', // pg: query_timeout
  'Client has encountered a connection error', // pg
  'Client was closed and is not queryable', // pg: ended by us between two statements of a transaction
  'Connection is closed', // ioredis
  "Stream isn't writeable", // ioredis with enableOfflineQueue off
  'Command timed out', // ioredis
  'max retries per request', // ioredis
  'Driver not Connected', // TypeORM: never connected yet
  'LOADING', // Redis reads its file
  'READONLY', // Redis: this one is a replica now
  'MASTERDOWN',
  'CLUSTERDOWN',
  'OOM command not allowed', // Redis is full
  'EXECABORT', // Redis refused a command of a transaction for one of these
];

export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isOutage)) return true;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && [connectionCodes, outageStates, storageCodes].some((codes) => codes.test(code)))
    return true;
  return outageMessages.some((message) => error.message.includes(message)) || isOutage(driverError);
}
