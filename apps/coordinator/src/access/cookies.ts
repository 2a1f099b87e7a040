// The cookies of the dashboard.
//
// C1. `__Host-`: only this host has set it, over HTTPS or on this machine, for all its paths. So
//     no other host of the domain can plant one.
// C2. A session's is sent with requests of our own pages only (`Strict`). That of a login must
//     come back from the identity provider, and is `Lax`.
import { fastifyCookie as cookie } from '@fastify/cookie';

export const SESSION_COOKIE = '__Host-concordat';
export const LOGIN_COOKIE = '__Host-concordat-login';

const HOST_ONLY = { path: '/', httpOnly: true, secure: true } as const; // C1
/** C2 */
const SITE = { [SESSION_COOKIE]: 'strict', [LOGIN_COOKIE]: 'lax' } as const;

export function sessionCookie(value: string): string {
  return cookie.serialize(SESSION_COOKIE, value, {
    ...HOST_ONLY,
    sameSite: SITE[SESSION_COOKIE],
  });
}

export function loginCookie(value: string, maxAge: number): string {
  const sameSite = SITE[LOGIN_COOKIE];
  return cookie.serialize(LOGIN_COOKIE, value, { ...HOST_ONLY, sameSite, maxAge });
}

export function endedCookie(name: keyof typeof SITE): string {
  return cookie.serialize(name, '', { ...HOST_ONLY, sameSite: SITE[name], maxAge: 0 });
}

/** The value of the cookie `name` in a `Cookie` header; of several, the first. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  return header === undefined ? undefined : cookie.parse(header)[name];
}
