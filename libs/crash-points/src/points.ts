// Every point at which a test can end a process, and what has and has not happened there.
//
// One name, one call of `crashPoint` in the sources (test/tidy), one row of tests at the least
// (test/e2e/crash-points.e2e.ts). A new point does not compile before its row is written.
//
// Between two calls of one fan-out there is no point. They are handed to the network in the same
// turn of the event loop, which sends them a turn later: who dies between them has sent neither. A
// crash after the one and before the other looks, from outside, like a call that was lost and a
// crash at `answer.received`; that is how it is tested.
export const crashPoints = {
  // The engine, in the coordinator. An append is about to be asked for, or is durable.
  'begin.before-append': 'nobody has heard of the transaction, and the journal has nothing of it',
  'begin.durable': 'the transaction is durable; its initiator has not heard, no call was made',
  'enlist.durable': 'a branch has joined, and the initiator has not heard of it',
  'news.before-append': 'a reply that opens no call and decides nothing is about to be written',
  'calls.durable': 'calls before the decision were opened (a wish, a next round); none was made',
  'decision.before-append': 'all that is needed to decide is known, and nothing is decided',
  'decision.durable': 'it is decided; no participant has heard, and no initiator',
  'end.heard': 'the last participant has acknowledged; the end is not told and not written',
  'end.before-append': 'the end is not written, and was perhaps told to whoever waited for it',
  'answer.received': 'a participant has answered; the answer is not applied',
  'postpone.durable': 'what a failed attempt has left behind is written; the flight is in memory',
  'sweep.taken': 'what was due is leased to this process, which has not looked at it',

  // The journal, in the coordinator.
  'journal.before-statement': 'a batch of appends is complete; the database has not heard of it',
  'audit.before-line':
    'what a person did is written; its audit line is not, and nothing is durable',
  'audit.before-commit': 'what a person did and its audit line are written; nothing is durable',
  'journal.committed': 'a batch of appends is durable; nobody in this process knows',

  // The barrier of the SDK, in a participant: TCC and Saga.
  'barrier.before-fence': 'a call has arrived; nothing was compared, nothing done',
  'barrier.before-commit': 'the handler has run and its reply is recorded; nothing is durable',
  'barrier.committed': 'work and reply are durable; the coordinator has not heard',

  // The standings of the SDK, in a participant: 3PC.
  'standing.before-commit': 'a call was obeyed in a local transaction; nothing is durable',
  'standing.committed': 'the standing is durable; whoever asked for it has not heard',

  // The resource manager of the SDK, in a participant: 2PC.
  'prepare.before': 'the work is done in a local transaction; it is not prepared',
  'prepare.done': 'the work is prepared; the vote is not sent',
  'commit.before': 'the order to commit has passed; the work is still prepared',
  'commit.done': 'the work is committed; the acknowledgement is not sent',
  'rollback.before': 'the order to roll back is recorded; the work is still prepared',
  'rollback.done': 'the work is rolled back; the acknowledgement is not sent',
} as const satisfies { readonly [name: string]: string };

export type CrashPoint = keyof typeof crashPoints;

export function isCrashPoint(name: string): name is CrashPoint {
  return Object.hasOwn(crashPoints, name);
}
