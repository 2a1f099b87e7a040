// How a branch stands in a Postgres database, from one look. Pure: P4 and P5 of
// postgres-resource-manager.ts, for people.
//
// B1. Prepared is prepared, whoever may end it. What is not prepared is judged by the xid that has
//     voted, if it has left one; without, a branch that is gone and one that never was look alike:
//     `absent`.
// B2. The order of the reads does not matter: a branch that is ended in between is shown as it was
//     a moment ago, or as `unknown` while its xid is still in progress.
import type { Probed } from '@concordat/engine';
import { asInstant, cleaned } from '@concordat/wire';
import type { Look, Voted } from './verdicts.js';
import { fateIn, STANDBY } from './verdicts.js';

/** What PROBE returns. */
export interface Seen extends Look {
  readonly prepared_at: number | null;
  readonly has_standby: boolean;
}

type Word = Pick<Probed, 'observed' | 'evidence' | 'since'>;

export function wordOf(gid: string, voted: Voted | undefined, seen: Seen): Word {
  if (seen.in_recovery) return word('unknown', STANDBY);
  if (seen.prepared_in !== null) return prepared(gid, seen);
  if (voted === undefined) {
    return word(
      'absent',
      `nothing is prepared as ${gid}, and no vote has left a transaction id to look for`,
    );
  }
  const fate = fateIn(gid, voted, seen);
  switch (fate.type) {
    case 'ended':
      return word(fate.how === 'commit' ? 'committed' : 'rolled-back', fate.note + caveat(seen));
    case 'ending':
      return word('unknown', `its transaction ${voted.xid} is being ended at this moment`);
    case 'another-server':
    case 'untold':
      return word('unknown', fate.note);
  }
}

function prepared(gid: string, seen: Seen): Word {
  const { database, prepared_in, prepared_by, role, may_end, prepared_at } = seen;
  const where = prepared_in === database ? '' : `, in the database ${prepared_in}`;
  const whose = may_end ? '' : `; ${role} may not end it`;
  const evidence = `${gid} is prepared by ${prepared_by}${where}${whose}`;
  if (prepared_at === null) return word('prepared', evidence);
  return { ...word('prepared', evidence), since: asInstant(prepared_at) };
}

/** V4 of the engine's observing.ts. */
function caveat({ has_standby }: Seen): string {
  return has_standby ? ' (whether its standby has that, was not waited for)' : '';
}

function word(observed: Probed['observed'], evidence: string): Word {
  return { observed, evidence: cleaned(evidence) };
}
