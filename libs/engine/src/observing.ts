// How a branch stands at its participant, asked this moment. For people, and for what they do.
//
//   ask       Participants   a call: work is done, and its answer is an event of the transaction
//   probe     Probes         a look: nothing is done, and its answer is evidence
//   holdings  Holdings       what the branches hold that are prepared there, and who waits for them
//
// V1. A look changes nothing: no token is spent, no branch is ended, no row of a barrier written.
// V2. Who cannot be asked is `unreachable`, who answers and cannot tell is `unknown`. Neither is an
//     answer, and each says why.
// V3. A participant that is not made for it takes no questions: it is `unknown`, and nobody was
//     asked. So both are capabilities beside the ports that the engine needs.
// V4. It is read plainly: what is told may not be on a standby yet. Nobody may end a transaction on
//     the strength of it alone; a person may, who is told so.
import type {
  BranchId,
  GlobalTransactionId,
  Instant,
  Json,
  ProtocolName,
} from '@concordat/protocols';
import type { ParticipantRef } from './definition.js';
import type { Participants } from './ports.js';
import type { PreparedBranch, ResourceManager } from './resource-managers.js';

export interface Probes {
  /** Never rejects, and ends within `timeoutMs`. */
  probe(inquiry: Inquiry): Promise<Probed>;
}

/** Which branch is meant, and what its vote has left to find it by. */
export interface Inquiry {
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
  readonly protocol: ProtocolName;
  readonly participant: ParticipantRef;
  /** What its question was answered with, if that was heard. */
  readonly result: Json | undefined;
  readonly traceparent: string | null;
  readonly timeoutMs: number;
}

export type Observed =
  /** It waits for the decision. TCC: tried. Saga: at work. */
  | 'prepared'
  /** Its work is there for good. TCC: confirmed. Saga: executed. */
  | 'committed'
  /** Its work is undone, or was refused. */
  | 'rolled-back'
  /** There is no trace of it. */
  | 'absent'
  | 'unknown'
  | 'unreachable';

export interface Probed {
  readonly observed: Observed;
  readonly source: 'resource-manager' | 'participant' | 'none';
  /** Its name, if a resource manager has said it. */
  readonly resourceManager?: string;
  /** Of a branch that bears a name there. */
  readonly gid?: string;
  /** Since when it is so, by the other side's clock. */
  readonly since?: Instant;
  /** What was seen, or why nothing was: a sentence without its full stop. */
  readonly evidence: string;
  /** What was asked, to be repeated by hand. */
  readonly query?: string;
}

export interface Holdings {
  /** Never rejects, and ends within `timeoutMs`. */
  holdings(timeoutMs: number): Promise<HoldingsReport>;
}

export type HoldingsReport =
  | {
      readonly type: 'known';
      /** Everything that is prepared there, whosever it is; like `ResourceManager.prepared`. */
      readonly holdings: readonly Holding[];
      /** Sessions that wait for one of them, where it cannot be told for which. */
      readonly unassigned: Unassigned | undefined;
      /** What the server does not show, and what to do about it. */
      readonly unseen: string | undefined;
      readonly query: string;
    }
  | { readonly type: 'unknown'; readonly reason: string };

export interface Unassigned {
  readonly sessions: readonly WaitingSession[];
  readonly sessionsTotal: number;
  readonly reason: string;
}

/** What one prepared branch holds. */
export interface Holding {
  readonly branch: PreparedBranch;
  /** False: which of what is held there is its own cannot be told; see `unassigned`. */
  readonly isKnown: boolean;
  readonly locks: readonly HeldLock[];
  /** The longest waiting first; not all of them if they are many. */
  readonly sessions: readonly WaitingSession[];
  readonly sessionsTotal: number;
}

export interface HeldLock {
  /** With its schema; null: it is on no relation. */
  readonly relation: string | null;
  /** As the server calls it; of a row, where it is as well. */
  readonly mode: string;
  readonly kind: 'relation' | 'row' | 'transaction' | 'advisory' | 'other';
}

export interface WaitingSession {
  /** Postgres: of its process. MariaDB: of its connection. */
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  readonly database: string;
  readonly query: string;
  /** By the server's clock. */
  readonly waitingSince: Instant | undefined;
  readonly waitingMs: number | undefined;
  /** 0: waits for the branch itself; 1: for a session that does; and so on. */
  readonly distance: number;
  /** Such as `row (0,1) of public.account`. */
  readonly waitsFor: string;
}

/** V3. What of `participants` can be looked at. */
export function probesOf(participants: Participants & Partial<Probes>): Probes {
  const { probe } = participants;
  if (probe === undefined) return { probe: () => Promise.resolve(takesNoQuestions) };
  return { probe: (inquiry) => probe.call(participants, inquiry) };
}

/** V3. Undefined if it cannot tell. */
export function holdingsOf(
  resourceManager: ResourceManager & Partial<Holdings>,
): Holdings | undefined {
  const { holdings } = resourceManager;
  if (holdings === undefined) return undefined;
  return { holdings: (timeoutMs) => holdings.call(resourceManager, timeoutMs) };
}

const takesNoQuestions: Probed = {
  observed: 'unknown',
  source: 'none',
  evidence: 'it takes no questions about its branches',
};
