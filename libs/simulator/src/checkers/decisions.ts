// Decisions never change (AC2), wherever they are read: in the journal, by initiators, by the
// orders that participants were given.
//
// D1. What was decided once is never decided otherwise.
// D2. Whoever was told of a transaction is never told that there is none.
// D3. An outcome, once told, is the outcome. Its record is lazy: if it is lost, participants are
//     asked again and repeat what they said, so this holds as far as they keep their contract.
import type { Checker } from '../history.js';
import { isHonest } from '../history.js';

export const decisions: Checker = ({ gtid, versions, told, branches }) => {
  const sources = [
    ...versions.map(({ version, decision, outcome }) => ({
      where: `version ${version} says`,
      decision,
      outcome,
    })),
    ...told.map(({ whom, decision, outcome }) => ({
      where: `${whom === 'initiator' ? 'an' : 'a'} ${whom} was told`,
      decision,
      outcome,
    })),
  ];
  const known = sources.filter(({ decision }) => decision !== 'unknown');
  const [first, other] = distinct(
    known.filter(({ decision }) => decision !== 'undecided'),
    'decision',
  );
  const [outcome, otherOutcome] = distinct(known, 'outcome');
  const isForgotten = known.length > 0 && told.some(({ decision }) => decision === 'unknown');
  return [
    ...(other === undefined
      ? []
      : [`${gtid}: ${say(first, 'decision')}, ${say(other, 'decision')}`]),
    ...(isForgotten ? [`${gtid}: it was known, and then an initiator was told it is not`] : []),
    ...(otherOutcome === undefined || !branches.every(isHonest)
      ? []
      : [`${gtid}: ${say(outcome, 'outcome')}, ${say(otherOutcome, 'outcome')}`]),
  ];
};

interface Source {
  readonly where: string;
  readonly decision: string;
  readonly outcome: string | undefined;
}

/** One source for each value of `what` that is said somewhere. */
function distinct(sources: readonly Source[], what: 'decision' | 'outcome'): readonly Source[] {
  const byValue = new Map<string, Source>();
  for (const source of sources) {
    const value = source[what];
    if (value !== undefined && !byValue.has(value)) byValue.set(value, source);
  }
  return [...byValue.values()];
}

function say(source: Source | undefined, what: 'decision' | 'outcome'): string {
  return `${source?.where} ${source?.[what]}`;
}
