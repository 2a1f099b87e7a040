// How a call passes the barrier in a local transaction, whatever database that is in.
//
//   fence ─▶ handler ─▶ record ─▶ commit
//     │         │ refused: what it wrote is undone
//     │         └ throws, balks: roll back everything
//     └ not higher: repeat the recorded reply, or stale
//
// C1. The row is locked by the fence before the handler runs. A second copy of the call waits
//     there until the first has committed, and then reads its reply; or is told to ask again.
// C2. A row that can be seen has a reply, for fence and record are one transaction.
import type { Answer, Replied } from './answers.js';
import { stale } from './answers.js';
import type { Handled } from './barrier.js';
import type { Aim, Verdict, Work } from './barrier-rule.js';
import { verdict } from './barrier-rule.js';
import type { BranchCall } from './handlers.js';

/** How the token of a call compares with the highest one that its branch has seen. */
export type Fenced =
  | { readonly type: 'higher'; readonly work: Work }
  | { readonly type: 'equal'; readonly work: Work; readonly reply: Replied | null }
  | { readonly type: 'lower' };

/** The local transaction that one call passes in. */
export interface Passage {
  /** Lets the call pass if its token is higher, and makes it the highest. */
  fence(): Promise<Fenced>;
  /**
   * Runs the handler. Of a refusal no writes are left.
   * @throws if the handler does, or has ended the transaction by itself
   */
  handle(): Promise<Handled>;
  record(work: Work, reply: Replied): Promise<void>;
  /** Writes what the repeated reply needs so as to be as durable as one that is new. */
  repeating(): Promise<void>;
}

export interface Passed {
  readonly value: Answer;
  readonly end: 'commit' | 'rollback';
}

export async function pass(passage: Passage, call: BranchCall, aim: Aim): Promise<Passed> {
  const fenced = await passage.fence();
  switch (fenced.type) {
    case 'lower':
      return { value: stale, end: 'rollback' };
    case 'equal':
      // C2
      if (fenced.reply === null) throw new Error('a row without a reply is not of this barrier');
      await passage.repeating();
      return { value: fenced.reply, end: 'commit' };
    case 'higher':
      return next(passage, call, fenced.work, verdict(aim, fenced.work));
  }
}

/** The next call of its branch, for which the row is locked now (C1). */
async function next(
  passage: Passage,
  call: BranchCall,
  work: Work,
  what: Verdict,
): Promise<Passed> {
  switch (what.type) {
    case 'contradiction': {
      const reason = `${call.operation} was asked again although its work is ${work}`;
      return { value: { type: 'in-doubt', reason }, end: 'rollback' };
    }
    case 'answer':
      await passage.record(what.becomes, what.answer);
      return { value: what.answer, end: 'commit' };
    case 'run':
      return run(passage, work, what.becomes);
  }
}

async function run(passage: Passage, work: Work, becomes: Work): Promise<Passed> {
  const handled = await passage.handle();
  if (handled.type === 'balked') return { value: handled, end: 'rollback' };
  await passage.record(leavesNothing(handled) ? work : becomes, handled);
  return { value: handled, end: 'commit' };
}

/** Whether what the handler wrote must not stay. */
export function leavesNothing(handled: Handled): boolean {
  return handled.type === 'balked' || handled.reply.type === 'refused';
}
