// The operator API as a table of routes, without a framework: the coordinator serves it, and so can
// any application that has the coordinator inside.
//
// P1. A route says whom it is for. Who asks has been told apart and permitted before `answer` runs;
//     whose transaction it is, the route checks itself: another tenant's is never heard of (404).
// P2. An answer is a view of `@concordat/wire/operations`; a refusal is a `Refusal`, nothing else.
import type { Principal } from '@concordat/access';
import type { FieldError } from '@concordat/wire';
import type { Permission } from '@concordat/wire/operations';

export interface OperatorRequest {
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** As parsed from JSON; undefined if there was none. Not trusted. */
  readonly body: unknown;
  readonly address: string;
  readonly requestId: string;
  /** Aborted when whoever asked has gone. */
  readonly signal: AbortSignal;
}

export type OperatorAnswer =
  | { readonly status: 200 | 201 | 202; readonly body: unknown }
  | { readonly status: 204 }
  /** Server-sent events, until the stream ends or the request is aborted. */
  | { readonly status: 200; readonly events: AsyncIterable<ServerSentEvent> };

export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Of Fastify's form: `/v1/operations/transactions/:gtid`. */
  readonly path: string;
  readonly permission: Permission;
  /**
   * `tenant`: what it shows or changes belongs to tenants, and `answer` asks for which. Who has the
   * permission for none of them does not come so far. `installation`: it belongs to none, so the
   * permission is needed for all.
   */
  readonly of: 'tenant' | 'installation';
  /** For the OpenAPI document. */
  readonly summary: string;
  readonly answer: (request: OperatorRequest) => Promise<OperatorAnswer>;
}

export type RefusalKind =
  | 'malformed-request'
  | 'unknown-transaction'
  | 'unknown-branch'
  | 'unknown-resource-manager'
  | 'unknown-participant'
  | 'unknown-item'
  | 'not-permitted'
  /** It cannot be done as things are: `detail` says what is so. */
  | 'not-possible'
  /** What it was decided upon is no longer so: look again. */
  | 'changed-meanwhile'
  | 'too-many';

/** Ends a request. Nothing was done. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
  constructor(
    readonly kind: RefusalKind,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
  ) {
    super(detail);
  }
}

/** Ends a request that is not possible while a person holds something back. */
export class HeldBack extends Refusal {
  override readonly name = 'HeldBack';
}

/** Ends a request whose act was tried in vain, and is in the audit as that: it was not refused. */
export class TriedInVain extends Refusal {
  override readonly name = 'TriedInVain';
}
