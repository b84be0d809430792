import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** 256 random bits in base64url. */
const SESSION_ID = /^[\w-]{43}$/;

/** Browsers accept a cookie with the prefix __Host- only over TLS and only from exactly this host. */
function nameFor(secure: boolean): string {
  return secure ? '__Host-session' : 'session';
}

/** Undefined without a cookie and for values that cannot be a session id. */
export function readSessionCookie({ headers }: FastifyRequest, secure: boolean): string | undefined {
  if (headers.cookie === undefined) return undefined;
  const id = parseCookie(headers.cookie)[nameFor(secure)];
  return id !== undefined && SESSION_ID.test(id) ? id : undefined;
}

/** `maxAge` in seconds; 0 removes the cookie. */
export function writeSessionCookie(reply: FastifyReply, value: string, secure: boolean, maxAge: number): void {
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge } as const;
  const cookie = stringifySetCookie({ name: nameFor(secure), value, ...options });
  // Replaces a session cookie that this reply already sets; Fastify would append.
  void reply.removeHeader('set-cookie').header('set-cookie', cookie);
}
