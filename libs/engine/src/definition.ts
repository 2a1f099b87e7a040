// What the initiator asked for. Written when a transaction begins or a branch enlists, and never
// changed after: payloads and policies are here, what has become of them is in `Transaction`.
import type {
  BranchId,
  BranchPlan,
  Instant,
  Json,
  ProtocolName,
  TokenedCall,
} from '@concordat/protocols';
import { assert } from '@concordat/protocols';

/** A registered participant's name, or a URL that the allow-list permits. */
export type ParticipantRef = string | { readonly url: string };

export interface RetryPolicy {
  /** Of a question; null asks until the deadline. Orders are repeated for ever. */
  readonly attemptsMax: number | null;
  readonly firstDelayMs: number;
  readonly delayMaxMs: number;
}

export interface BranchDefinition {
  readonly id: BranchId;
  readonly participant: ParticipantRef;
  readonly payload: Json;
  /** Saga: resolved, so never absent; the default is the branch before it. */
  readonly dependsOn: readonly BranchId[];
  readonly pivot: boolean;
  /** 2PC: the participant repeats its recorded answer, so one phase is enough for it alone. */
  readonly onePhase: boolean;
  /** Of one call. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
}

export interface Definition {
  readonly protocol: ProtocolName;
  readonly name: string | null;
  /** Whose it is. Absent in what was begun before there were tenants: that of `default`. */
  readonly tenant?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly begunAt: Instant;
  readonly deadlineAt: Instant;
  /** W3C trace context of the initiator's request, if it had one. */
  readonly traceparent: string | null;
  readonly branches: readonly BranchDefinition[];
}

export function planOf({ id, dependsOn, pivot, onePhase }: BranchDefinition): BranchPlan {
  return { id, dependsOn, pivot, onePhase };
}

/** The branch that `call` is for. */
export function branchOf({ branches }: Definition, call: TokenedCall): BranchDefinition {
  const branch = branches.find(({ id }) => id === call.branch);
  assert(branch !== undefined, 'a call is for an enlisted branch');
  return branch;
}
