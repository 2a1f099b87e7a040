// The barrier rule: one row a branch, one comparison, then what the call means to the work so far.
//
// Source: the fencing token after Kleppmann; empty and suspended calls after DTM and Seata.
//
//                       the token of the call is
//             lower            equal               higher
//             stale (410)      the same call:      the next call:
//                              repeat the reply    run it, and record
//
//   work:  none ──forward──▶ done ──complete──▶ completed
//            │                 └──undo──▶ undone
//            ├──forward, nothing to commit──▶ read-only
//            └──undo (empty)──▶ undone
//
// B1. Work is done once, and ended once: a call that would do either again is answered, not run.
// B2. An empty undo (cancel before try) is acknowledged without running anything, and leaves the
//     higher token behind: the late try is stale.
// B3. An order that contradicts what has become of the work is told so: it is the truth, and a
//     person must hear it. It happens only if somebody acted behind the back of the coordinator,
//     or a database was restored from before the work.
// B4. A refused question leaves `none`: asked again with a higher token, it is asked afresh.
import type { Replied } from './answers.js';
import { acknowledged } from './answers.js';

/** What has become of the work of a branch. */
export type Work = 'none' | 'done' | 'read-only' | 'completed' | 'undone';

/** What a call wants of the work of its branch. */
export type Aim =
  | 'forward' // prepare, try, execute: do it
  | 'complete' // confirm: make it final
  | 'undo' // cancel, compensate: as if it had never been
  | 'one-phase'; // commit-one-phase: do it and make it final, in one

export type Verdict =
  /** Run the handler; if it obeys, the work becomes `becomes`. */
  | { readonly type: 'run'; readonly becomes: Work }
  /** Answer without running anything; the work becomes `becomes`. */
  | { readonly type: 'answer'; readonly answer: Replied; readonly becomes: Work }
  /** A question asked again although its work is there: nobody may guess what was meant. */
  | { readonly type: 'contradiction' };

/** What a call that bears the highest token so far means to work in state `work`. */
export function verdict(aim: Aim, work: Work): Verdict {
  switch (aim) {
    case 'forward':
      return work === 'none' ? run('done') : { type: 'contradiction' }; // B1
    case 'one-phase':
      return work === 'none' ? run('completed') : { type: 'contradiction' };
    case 'complete':
      return work === 'done' ? run('completed') : completionOfNothing(work);
    case 'undo':
      return work === 'done' ? run('undone') : undoOfNothing(work);
  }
}

type NotDone = Exclude<Work, 'done'>;

function completionOfNothing(work: NotDone): Verdict {
  if (work === 'read-only' || work === 'completed') return answer(acknowledged, work); // B1
  return answer(heuristic('rollback'), 'undone'); // B3
}

function undoOfNothing(work: NotDone): Verdict {
  if (work === 'completed') return answer(heuristic('commit'), work); // B3
  return answer(acknowledged, work === 'read-only' ? work : 'undone'); // B1, B2
}

function run(becomes: Work): Verdict {
  return { type: 'run', becomes };
}

function answer(what: Replied, becomes: Work): Verdict {
  return { type: 'answer', answer: what, becomes };
}

export function heuristic(what: 'commit' | 'rollback'): Replied {
  const note = what === 'commit' ? 'the work is committed here' : 'the work is not here';
  return { type: 'reply', reply: { type: `heuristic-${what}` }, note };
}
