import type { Group, Mutant } from '../mutant.ts';

const rule = 'libs/participant-sdk/src/barrier-rule.ts';
const passing = 'libs/participant-sdk/src/passing.ts';
const barrier = 'libs/participant-sdk/src/postgres/postgres-barrier.ts';
const fence = 'libs/participant-sdk/src/postgres/statements/fence.ts';
const participant = 'libs/participant-sdk/src/participant.ts';
const transaction = 'libs/participant-sdk/src/postgres/transaction.ts';
const twoPhase = 'libs/participant-sdk/src/postgres/two-phase.ts';
const ofWork = ['test/barrier/local-work.spec.ts'];
const ofRule = ['libs/participant-sdk', ...ofWork];
const ofTwoPhase = ['test/barrier/two-phase.spec.ts', 'test/barrier/two-phase-moments.spec.ts'];

const barrierMutants: readonly Mutant[] = [
  {
    id: 'M801',
    file: fence,
    find: `where seen.token < excluded.token`,
    replace: `where seen.token <> excluded.token`,
    fault: 'the barrier admits lower tokens',
    killers: ofWork,
  },
  {
    id: 'M802',
    file: fence,
    find: `where seen.token < excluded.token`,
    replace: `where seen.token <= excluded.token`,
    fault: 'the barrier runs an equal token again',
    killers: ofWork,
  },
  {
    id: 'M803',
    file: rule,
    find: `return work === 'none' ? run('done') : { type: 'contradiction' }; // B1`,
    replace: `return run('done');`,
    fault: 'a question that contradicts what has become of the work is run',
    killers: ofRule,
  },
  {
    id: 'M804',
    file: passing,
    find: `return { value: what.answer, end: 'commit' };`,
    replace: `return { value: what.answer, end: 'rollback' };`,
    fault: 'tombstone forgotten: an empty cancel leaves no token behind',
    killers: ofWork,
  },
  {
    id: 'M805',
    file: passing,
    find: `return { value: handled, end: 'commit' };`,
    replace: `return { value: handled, end: leavesNothing(handled) ? 'rollback' : 'commit' };`,
    fault: 'a refusal is not recorded',
    killers: ofWork,
  },
  {
    id: 'M806',
    file: barrier,
    find: `if (leavesNothing(handled)) await tx.query('rollback to savepoint handler');`,
    replace: '',
    fault: 'a refusal keeps what its handler wrote',
    killers: ofWork,
  },
  {
    id: 'M807',
    file: barrier,
    find: `await tx.query('savepoint handler');`,
    replace: `  await tx.query('commit');
  await tx.query('begin');
  await tx.query('savepoint handler');`,
    fault: 'the token is durable before the work: the record is outside its transaction',
    killers: ofWork,
  },
  {
    id: 'M808',
    file: rule,
    find: `return work === 'done' ? run('undone') : undoOfNothing(work);`,
    replace: `return work === 'none' || work === 'done' ? run('undone') : undoOfNothing(work);`,
    fault: 'an empty undo runs its handler',
    killers: ofRule,
    also: ['simulator'],
  },
  {
    id: 'M809',
    file: rule,
    find: `if (work === 'completed') return answer(heuristic('commit'), work); // B3`,
    replace: '',
    fault: 'an undo of what is committed is acknowledged',
    killers: ofRule,
    also: ['simulator'],
  },
  {
    id: 'M810',
    file: rule,
    find: `return answer(heuristic('rollback'), 'undone'); // B3`,
    replace: `return answer(acknowledged, 'undone'); // B3`,
    fault: 'a completion of work that is not there is acknowledged',
    killers: ofRule,
    also: ['simulator'],
  },
  {
    id: 'M811',
    file: 'libs/participant-sdk/src/postgres/row.ts',
    find: `if (seen.operation === operation) {`,
    replace: `if (seen.operation !== '') {`,
    fault: 'the same token with another operation is answered for the first one',
    killers: ofWork,
  },
  {
    id: 'M812',
    file: participant,
    find: `return { type: 'in-doubt', reason: 'the participant has failed' }; // A1`,
    replace: `return { type: 'reply', reply: { type: 'refused' } };`,
    fault: 'a participant says no where it does not know',
    killers: ofWork,
  },
  {
    id: 'M813',
    file: participant,
    find: `const mayRefuse = isQuestion(call.operation) && !call.retriable; // A3`,
    replace: `const mayRefuse = isQuestion(call.operation);`,
    fault: 'the refusal of a step after the pivot is remembered for ever',
    killers: ofWork,
  },
  {
    id: 'M814',
    file: transaction,
    find: `if (tx.getTransactionStatus() === 'I') throw`,
    replace: `if (tx.getTransactionStatus() === null) throw`,
    fault: 'a handler that has ended its transaction by itself is taken for done',
    killers: ['test/faults/store-trouble.spec.ts'],
  },
  {
    id: 'M815',
    file: transaction,
    find: `if (warnings.length > 0) throw new Error(`,
    replace: `if (warnings.length > 99) throw new Error(`,
    fault: 'a commit that did not hear from its standby (01000) counts as done',
    killers: ['test/faults/standby.spec.ts'],
  },
  {
    id: 'M816',
    file: transaction,
    find: `await tx.query(REACH_STANDBY);`,
    replace: '',
    fault: 'a recorded reply is repeated before the standby has it',
    killers: ['test/faults/standby.spec.ts'],
  },
];

const twoPhaseMutants: readonly Mutant[] = [
  {
    id: 'M901',
    file: twoPhase,
    find: `if (codeOf(error) === UNDEFINED_OBJECT) return undefined;`,
    replace: `if (codeOf(error) === UNDEFINED_OBJECT) return acknowledged;`,
    fault: 'a gid that is not there (42704) counts as done',
    killers: ofTwoPhase,
  },
  {
    id: 'M902',
    file: twoPhase,
    find: `const last = inlined(MARK, [call.gtid, call.branch]);`,
    replace: `const last = inlined('select $1, $2', [call.gtid, call.branch]);`,
    fault: 'the work does not write its marker',
    killers: ofTwoPhase,
  },
  {
    id: 'M903',
    file: 'libs/participant-sdk/src/postgres/statements/try-lock.ts',
    find: `select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked`,
    replace: `select length($1) > 0 as locked`,
    fault: 'the lock of the branch is not taken',
    killers: ofTwoPhase,
  },
  {
    id: 'M904',
    file: twoPhase,
    find: `const seen = await fence(pool, call); // E2: committed before the lock is looked for`,
    replace: `const seen = await look(pool, call);`,
    fault: 'a rollback does not fence first',
    killers: ofTwoPhase,
  },
  {
    id: 'M905',
    file: twoPhase,
    find: `await record(tx, call, work, vote);`,
    replace: '',
    fault: 'a vote that prepared nothing is not recorded',
    killers: ofTwoPhase,
  },
  {
    id: 'M906',
    file: twoPhase,
    find: `if (seen.type === 'lower') return stale; // E10`,
    replace: '',
    fault: 'a late commit ends what a rollback has begun to end',
    killers: ofTwoPhase,
  },
  {
    id: 'M907',
    file: twoPhase,
    find: `return { value: heuristic('rollback'), end: 'commit' };`,
    replace: `return { value: acknowledged, end: 'commit' };`,
    fault: 'a commit of work that is gone is acknowledged',
    killers: ofTwoPhase,
  },
  {
    id: 'M908',
    file: twoPhase,
    find: `if (!locked) return { value: working, end: 'rollback' };`,
    replace: '',
    fault: 'a commit takes a prepare that still runs for work that is gone',
    killers: ofTwoPhase,
  },
  {
    id: 'M909',
    file: twoPhase,
    find: `if (seen.type === 'lower' || seen.committed) return`,
    replace: `if (seen.type === 'lower') return`,
    fault: 'a late prepare does the work again after its commit',
    killers: ofTwoPhase,
  },
  {
    id: 'M910',
    file: twoPhase,
    find: `if (seen.type === 'lower' || seen.committed) return`,
    replace: `if (seen.committed) return`,
    fault: 'a late prepare does the work after its rollback',
    killers: ofTwoPhase,
  },
  {
    id: 'M911',
    file: twoPhase,
    find: `if (rows[0]?.prepared !== true) return { value: working, end: 'rollback' };`,
    replace: '',
    fault: 'votes prepared while another copy of the call is still at work',
    killers: ofTwoPhase,
  },
  {
    id: 'M912',
    file: twoPhase,
    find: `if (isLockTimeout(error)) return refused('waited too long for a lock');`,
    replace: '',
    fault: 'a cycle of locks through two databases is never given up',
    killers: ofTwoPhase,
  },
  {
    id: 'M913',
    file: twoPhase,
    find: `if (codeOf(error) !== NOT_NULL_VIOLATION || !isAboutMark(error)) throw error;`,
    replace: `if (codeOf(error) !== NOT_NULL_VIOLATION) throw error;`,
    fault: 'a mistake of the handler (23502) is taken for a read-only vote',
    killers: ofTwoPhase,
  },
  {
    id: 'M914',
    file: twoPhase,
    find: `return locked ? remembered(tx, acknowledged) : { value: working, end: 'rollback' };`,
    replace: `return remembered(tx, acknowledged);`,
    fault: 'a rollback is acknowledged while a prepare may still succeed',
    killers: ofTwoPhase,
  },
];

export const barrierGroup: Group = { title: 'The barrier', mutants: barrierMutants };
export const twoPhaseManager: Group = {
  title: '2PC on Postgres, the resource manager',
  mutants: twoPhaseMutants,
};
