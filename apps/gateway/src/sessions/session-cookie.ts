// The cookie that names a session. It says nothing by itself.
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** 256 random bits in base64url. */
const SESSION_ID = /^[\w-]{43}$/;

/** Under TLS the name's prefix makes browsers refuse such a cookie from anywhere but this very host. */
function nameFor(secure: boolean): string {
  return secure ? '__Host-session' : 'session';
}

/** Undefined for none and for anything that no session can be called. */
export function readSessionCookie({ headers }: FastifyRequest, secure: boolean): string | undefined {
  if (headers.cookie === undefined) return undefined;
  const id = parseCookie(headers.cookie)[nameFor(secure)];
  return id !== undefined && SESSION_ID.test(id) ? id : undefined;
}

/** `maxAge` in seconds; 0 removes it. */
export function writeSessionCookie(reply: FastifyReply, id: string, secure: boolean, maxAge: number): void {
  const cookie = {
    name: nameFor(secure),
    value: id,
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge,
  } as const;
  // Not appended: of two cookies for one session the later is meant.
  void reply.removeHeader('set-cookie').header('set-cookie', stringifySetCookie(cookie));
}
