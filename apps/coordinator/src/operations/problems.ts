// What a refusal of the operator API is as a problem document.
import { Refusal } from '@concordat/operations';
import type { RefusalKind } from '@concordat/operations';
import type { ProblemKind } from '../http/problems.js';
import { malformedRequest, ProblemError } from '../http/problems.js';

const kinds = {
  'malformed-request': 'malformed-request',
  'unknown-transaction': 'unknown-transaction',
  'unknown-branch': 'unknown-branch',
  'unknown-resource-manager': 'unknown-resource-manager',
  'unknown-participant': 'unknown-participant',
  'unknown-item': 'unknown-item',
  'not-permitted': 'not-permitted',
  'not-possible': 'not-possible',
  'changed-meanwhile': 'changed-meanwhile',
  'too-many': 'too-many-requests',
} as const satisfies { readonly [K in RefusalKind]: ProblemKind };

/** Any other error is itself. */
export function problemOfRefusal(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  const { kind, detail, errors } = error;
  return errors.length > 0 ? malformedRequest(errors) : new ProblemError(kinds[kind], detail);
}
