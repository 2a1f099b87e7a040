// The verdict on a transaction, from those on its branches. Pure.
//
// K1. The worst branch speaks for all, by its name. Of equals the one that is outstanding.
// K2. If one branch has committed and another has ended the other way, atomicity is broken,
//     whatever each of them alone would mean; a saga that goes back passes through that by design,
//     and says it of each step.
// K3. What is not complete says so: it is never better than `wait` while anything is outstanding.
import type { Observed } from '@concordat/engine';
import type { Decision, ProtocolName } from '@concordat/protocols';
import type { VerdictView } from '@concordat/wire/operations';
import type { Judgement, Severity } from './verdict.js';
import { decided } from './words.js';

export interface JudgedBranch {
  readonly branch: string;
  readonly observed: Observed;
  readonly isOutstanding: boolean;
  readonly judgement: Judgement;
}

export interface WholeCase {
  readonly protocol: ProtocolName;
  readonly decision: Decision;
  readonly phase: string;
  readonly branches: readonly JudgedBranch[];
}

const ORDER: { readonly [S in Severity]: number } = { danger: 0, attention: 1, wait: 2, fine: 3 };

/** How a whole transaction stands. */
export function judgeWhole(found: WholeCase): VerdictView {
  const { branches, phase } = found;
  const [worst] = branches.toSorted(byHarm);
  if (worst === undefined || worst.judgement.severity === 'fine') return fine(found);
  const split = splitIn(found);
  if (split !== undefined && worst.judgement.severity !== 'danger') return split;
  const { severity, code, summary, consequence, safe } = worst.judgement;
  const waiting = branches.filter(({ judgement }) => judgement.severity !== 'fine').length;
  const others = waiting > 1 ? ` ${waiting} of ${branches.length} branches are not settled.` : '';
  const ended = phase === 'ended' ? ' The transaction has ended.' : '';
  return {
    severity,
    code,
    summary: `${worst.branch}: ${summary}${others}${ended}`,
    consequence,
    safe: [...safe],
  };
}

function byHarm(one: JudgedBranch, other: JudgedBranch): number {
  const bySeverity = ORDER[one.judgement.severity] - ORDER[other.judgement.severity];
  return bySeverity || Number(other.isOutstanding) - Number(one.isOutstanding);
}

function fine({ decision, phase, branches }: WholeCase): VerdictView {
  const unasked = branches.filter(({ observed }) => isUnasked(observed)).length;
  const but = unasked === 0 ? '' : ` ${unasked} of them could not be asked again.`; // K3
  const ended = phase === 'ended' ? 'and the transaction has ended' : 'and nothing is outstanding';
  return {
    severity: 'fine',
    code: 'as-decided',
    summary: `${decided(decision)}, ${ended}.`,
    consequence: `Nothing is broken: by the journal all branches are as decided.${but}`,
    safe: [],
  };
}

/** K2. */
function splitIn({ protocol, branches }: WholeCase): VerdictView | undefined {
  if (protocol === 'saga') return undefined;
  const took = branches.filter(({ judgement }) => judgement.code !== 'took-no-part');
  const committed = took.find(({ observed }) => observed === 'committed');
  const rolledBack = took.find(
    ({ observed, judgement }) => observed === 'rolled-back' && judgement.code !== 'refusal-unheard',
  );
  if (committed === undefined || rolledBack === undefined) return undefined;
  return {
    severity: 'danger',
    code: 'split',
    summary: `${committed.branch} has committed, and ${rolledBack.branch} was rolled back.`,
    consequence: 'Atomicity is broken: they have ended differently.',
    safe: ['compare the data, and make good by hand what is missing or too much'],
  };
}

export function isUnasked(observed: Observed): boolean {
  return observed === 'unknown' || observed === 'unreachable';
}
