// The problems of whoever may not come in, or may not do what was asked.
import type { Permission } from '@concordat/wire/operations';
import { ProblemError, temporaryProblem } from '../http/problems.js';

const REALM = 'Bearer realm="concordat"';

/** @param isWrong whether a credential was sent; why it does not do is in the log only */
export function unauthenticated(isWrong: boolean): ProblemError {
  const detail = isWrong
    ? 'Your credential is not one that may be used, or not any more.'
    : 'Send an API key or a token as Authorization: Bearer …';
  const challenge = isWrong ? `${REALM}, error="invalid_token"` : REALM;
  return new ProblemError('unauthenticated', detail, {}, { 'www-authenticate': challenge });
}

/** @param tenant `*`: for what belongs to no tenant */
export function notPermitted(permission: Permission, tenant?: string): ProblemError {
  const where = tenant === undefined ? '' : tenant === '*' ? ' for all tenants' : ` for ${tenant}`;
  const detail = `This takes the permission ${permission}${where}. GET /v1/session shows yours.`;
  return new ProblemError('not-permitted', detail, { permission });
}

export function tooOften(waitMs: number): ProblemError {
  const detail = 'Too many wrong credentials came from your address. Wait before the next.';
  return temporaryProblem('too-many-requests', detail, waitMs);
}

export function tooManyRequests(perSecondMax: number, waitMs: number): ProblemError {
  const detail = `A principal may send ${perSecondMax} requests a second. Nothing was done.`;
  return temporaryProblem('too-many-requests', detail, waitMs);
}
