// What to do about a branch that a resource manager holds prepared. Pure.
//
// Source: presumed abort (Mohan, Lindsay & Obermarck 1986), with what Narayana's XARecoveryModule
// and Citus's transaction_recovery.c have learnt about whom not to touch.
//
//   whose? ──ours──▶ what does the journal know? ──decided──▶ has the branch answered its order?
//     │ others'        │ unreadable │ undecided │ nothing        │ no, or not yet │ yes
//     ▼                ▼            ▼           ▼                ▼                ▼
//   leave            leave        leave       orphan           the engine's     finish, as decided
//
// J1. A name that is not ours, or bears another cluster, is never touched.
// J2. If the journal cannot be read, nothing is touched.
// J3. While there is no decision, there is nothing to finish: the engine will take one.
// J4. A branch whose call is outstanding is the engine's, which calls again by itself.
// J5. A decision is a tombstone: a branch that has answered its order, and is prepared all the
//     same, has reappeared, and is finished as was decided. What it had answered makes no
//     difference: acknowledged, or a heuristic that was not true then or is undone now.
// J6. Only the work that voted is committed. A branch that voted read-only had none; and where the
//     resource manager's id for it is not the one of the vote, somebody was asked twice, and has
//     prepared the same again: to commit that would be to do it twice.
// J7. A branch that never enlisted has no part in the decision. Under a rollback nothing of the
//     transaction may stay, so it is rolled back; beside a commit it is an orphan.
// J8. An orphan is left alone and reported, unless it is presumed upon (J10): what the journal has
//     never heard of, it may have heard of before it was put back from a backup.
// J9. Nobody is an orphan at first sight: a name can be prepared before its transaction is durable.
//     It takes SCANS_MIN scans, and an age by our own clock: XA tells no age, and the clock of the
//     resource manager is not ours.
// J10. Presumed upon is only what the policy allows, bears our cluster, and is as young as what the
//      journal still remembers: of what is older it may have forgotten a commit.
// J11. TCC and Saga prepare nothing: what bears the gtid of one is not what it says.
import type { Decision, ProtocolName } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';

/** Whose name it bears. */
export type Origin =
  | 'foreign'
  | 'another-cluster'
  | 'our-cluster'
  /** Of a participant that prepares on its own: ours if the journal knows the transaction. */
  | 'no-cluster';

/** What the journal knows of the transaction that the name says. */
export type Knowledge =
  | { readonly type: 'unreadable' }
  | { readonly type: 'unheard-of' }
  /** It may have known it. */
  | { readonly type: 'forgotten' }
  /** Its gtid is none that a coordinator makes: nobody can tell how old it is. */
  | { readonly type: 'undated' }
  | KnownBranch;

export interface KnownBranch {
  readonly type: 'known';
  readonly protocol: ProtocolName;
  readonly decision: Decision;
  /** Absent: the transaction has no such branch. */
  readonly branch: 'absent' | 'outstanding' | 'answered';
  /** In the words of its protocol; empty if it is absent. */
  readonly state: string;
  /** Whether this is what has voted; XA cannot tell. */
  readonly work: 'voted' | 'other' | 'untold';
}

/** How often and for how long it has been seen prepared, by us. */
export interface Sighting {
  readonly scans: number;
  readonly ageMs: number;
}

export interface OrphanPolicy {
  readonly orphans: 'leave' | 'roll-back';
  /** How long a branch of which the journal knows nothing is given to become known. */
  readonly orphanAgeMs: number;
}

export interface Verdict {
  /** What it is held for; counted and shown. */
  readonly standing: Standing;
  readonly action: Action;
  /** For people. */
  readonly reason: string;
}

export const standings = ['others', 'in-doubt', 'reappeared', 'orphaned'] as const;

export type Standing = (typeof standings)[number];

export type Action =
  | { readonly type: 'leave' }
  /** The engine has a call outstanding: it may look at once. */
  | { readonly type: 'ring' }
  | { readonly type: 'finish'; readonly decision: 'commit' | 'rollback' }
  /** Write durably that it is rolled back; the engine then does it. */
  | { readonly type: 'presume-abort' };

export const SCANS_MIN = 2;

const LEAVE: Action = { type: 'leave' };

export function verdictOn(
  origin: Origin,
  knowledge: Knowledge,
  sighting: Sighting,
  policy: OrphanPolicy,
): Verdict {
  if (origin === 'foreign') return left('others', 'the name is none of ours'); // J1
  if (origin === 'another-cluster') return left('others', 'it belongs to another cluster'); // J1
  switch (knowledge.type) {
    case 'unreadable':
      return left('in-doubt', 'the journal cannot be read, so nothing is known of it'); // J2
    case 'known':
      return onKnown(origin, knowledge, sighting, policy);
    case 'forgotten':
      return unless(isYoung(sighting, policy), () =>
        left('orphaned', 'it is older than what is remembered: it may have been committed'),
      ); // J10
    case 'undated':
      return unless(isYoung(sighting, policy), () =>
        left('orphaned', 'its transaction is not known, and no coordinator makes such an id'),
      );
    case 'unheard-of':
      return unless(isYoung(sighting, policy), () => onUnheardOf(origin, policy));
    default:
      return unreachable(knowledge);
  }
}

function onKnown(
  origin: Origin,
  known: KnownBranch,
  sighting: Sighting,
  policy: OrphanPolicy,
): Verdict {
  const { protocol, decision, branch } = known;
  if (protocol === 'tcc' || protocol === 'saga') {
    return left('orphaned', `its transaction is a ${protocol}, which prepares nothing`); // J11
  }
  if (decision === 'undecided') return left('in-doubt', 'nothing has been decided yet'); // J3
  switch (branch) {
    case 'outstanding':
      return verdict('in-doubt', { type: 'ring' }, `the decision is ${decision}: it is on its way`);
    case 'answered':
      return onAnswered(decision, known);
    case 'absent':
      return onAbsent(origin, decision, sighting, policy);
    default:
      return unreachable(branch);
  }
}

/** J5, J6. */
function onAnswered(decision: 'commit' | 'rollback', { state, work }: KnownBranch): Verdict {
  if (decision === 'commit' && state === 'read-only') {
    return left('orphaned', 'it voted read-only, and cannot have been prepared with that vote');
  }
  if (decision === 'commit' && work === 'other') {
    return left('orphaned', 'it is not the work that voted, which is committed: it was done again');
  }
  const reason = `the decision is ${decision}, its branch is ${state}, and yet it is prepared`;
  return verdict('reappeared', { type: 'finish', decision }, reason);
}

/** J7. */
function onAbsent(
  origin: Origin,
  decision: 'commit' | 'rollback',
  sighting: Sighting,
  policy: OrphanPolicy,
): Verdict {
  const what = 'no such branch ever enlisted in its transaction';
  const rollback: Action = { type: 'finish', decision: 'rollback' };
  if (decision === 'rollback' && origin === 'our-cluster') {
    return verdict('reappeared', rollback, `${what}, which was rolled back`);
  }
  return unless(isYoung(sighting, policy), () => {
    const reason = `${what}, whose decision is ${decision}`;
    return mayPresume(origin, policy)
      ? verdict('orphaned', rollback, reason)
      : left('orphaned', reason);
  });
}

/** J8, J10. */
function onUnheardOf(origin: Origin, policy: OrphanPolicy): Verdict {
  if (origin === 'no-cluster') {
    return left('orphaned', 'a participant has prepared it on its own: it must ask by itself');
  }
  const reason = 'the journal has never heard of its transaction';
  return mayPresume(origin, policy)
    ? verdict('orphaned', { type: 'presume-abort' }, `${reason}: an abort is presumed`)
    : left('orphaned', reason);
}

function mayPresume(origin: Origin, { orphans }: OrphanPolicy): boolean {
  return origin === 'our-cluster' && orphans === 'roll-back';
}

/** J9. */
function isYoung({ scans, ageMs }: Sighting, { orphanAgeMs }: OrphanPolicy): boolean {
  return scans < SCANS_MIN || ageMs < orphanAgeMs;
}

function unless(young: boolean, orElse: () => Verdict): Verdict {
  return young ? left('in-doubt', 'nothing is known of it yet, and it is still young') : orElse();
}

function left(standing: Standing, reason: string): Verdict {
  return verdict(standing, LEAVE, reason);
}

function verdict(standing: Standing, action: Action, reason: string): Verdict {
  return { standing, action, reason };
}
