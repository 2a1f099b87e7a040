// What people have asked for is forgotten with the transactions that it was about.
//
//   forgotten by the journal │ kept
//   ─────────────────────────┼──────────▶ now
//     over: deleted          │
//     not over: kept         └ `forgottenBefore`, which the journal's retention moves
//
// F1. Only what is over goes: nobody waits for it, and nothing more comes of it.
// F2. The audit is not touched. It has whoever asked, each act and its evidence.
// F3. Any number of instances may do so at once; what is left is for the next turn.
import type { OperationsPorts, Statement } from './ports.js';
import { FORGET_APPROVALS } from './statements/forget-approvals.js';
import { FORGET_BULKS } from './statements/forget-bulks.js';
import { FORGET_NOTES } from './statements/forget-notes.js';

/** How many rows go at a time. A bulk takes its items along, of which there may be many. */
const STEPS: readonly (readonly [statement: Statement, rowsMax: number])[] = [
  [FORGET_BULKS, 10],
  [FORGET_APPROVALS, 1_000],
  [FORGET_NOTES, 1_000],
];

/** Rejects with JournalUnavailable. */
export async function forgetWhatIsOver({
  store,
  forgottenBefore,
}: Pick<OperationsPorts, 'store' | 'forgottenBefore'>): Promise<void> {
  const before = await forgottenBefore();
  if (before === null) return;
  for (const [statement, rowsMax] of STEPS) {
    let gone: readonly unknown[];
    do gone = await store.run(statement, [new Date(before), rowsMax]);
    while (gone.length === rowsMax);
  }
}
