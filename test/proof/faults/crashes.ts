// Faults 1 to 32: a coordinator or a participant dies, forgets, or does as it likes.
import type { FaultGroup } from '../faults.js';
import { at, crash, crashAmong, simulated, trace } from './references.js';

const coordinator: FaultGroup = {
  heading: 'The coordinator dies by SIGKILL',
  faults: [
    { number: 1, what: 'after the beginning is durable', tests: [crash('begin.durable')] },
    {
      number: 2,
      what: 'after an enlistment is durable, before anybody hears of it',
      tests: [crash('enlist.durable')],
    },
    {
      number: 3,
      what: 'when a participant has done its work, and its answer is not written',
      tests: [crash('answer.received'), crash('barrier.committed')],
    },
    {
      number: 4,
      what: 'when it is durable that all are to be asked, before anybody is',
      tests: [crash('begin.durable'), crash('calls.durable')],
    },
    {
      number: 5,
      what: 'among several questions',
      tests: [
        crashAmong('prepare'),
        crashAmong('can-commit'),
        crashAmong('try'),
        crashAmong('execute'),
      ],
    },
    {
      number: 6,
      what: 'when all have said yes, before the decision is written',
      tests: [crash('decision.before-append')],
    },
    {
      number: 7,
      what: 'inside the commit of the decision, which is done',
      tests: [
        crash('journal.committed'),
        at('faults/journal-moments.spec.ts', 'reply lost'),
        at('faults/coordinator-moments.spec.ts', 'the decision of a 2PC'),
      ],
    },
    {
      number: 8,
      what: 'inside the commit of the decision, which is not done',
      tests: [
        crash('journal.before-statement'),
        at('faults/journal-moments.spec.ts', 'request lost'),
      ],
    },
    {
      number: 9,
      what: 'when it is decided, before anybody is told',
      tests: [crash('decision.durable')],
    },
    {
      number: 10,
      what: 'among several orders to commit',
      tests: [crashAmong('commit'), crashAmong('do-commit'), crashAmong('confirm')],
    },
    {
      number: 11,
      what: 'when all have acknowledged, before the end is written',
      tests: [crash('end.heard'), crash('end.before-append')],
    },
    {
      number: 12,
      what: 'among several orders to roll back',
      tests: [
        at(
          'faults/rollback-fan-out.spec.ts',
          'a coordinator that dies among the orders of a rollback: the survivor gives them all',
        ),
      ],
    },
    {
      number: 13,
      what: 'while it recovers, five times in a row',
      tests: [
        at(
          'e2e/crash-loops.e2e.ts',
          'the coordinator dies again in each of ${RESTARTS} recoveries',
        ),
      ],
    },
    {
      number: 14,
      what: 'when it has just taken over from another one',
      tests: [crash('sweep.taken')],
    },
  ],
};

const participants: FaultGroup = {
  heading: 'Participants and resource managers',
  faults: [
    {
      number: 15,
      what: 'it dies before it has prepared',
      tests: [
        crash('prepare.before'),
        crash('barrier.before-fence'),
        at('faults/participant-dies.spec.ts', 'before it is durable'),
      ],
    },
    {
      number: 16,
      what: 'it dies when it has prepared, before its answer',
      tests: [
        crash('prepare.done'),
        at('faults/participant-dies.spec.ts', 'when it is durable, and before the reply'),
      ],
    },
    {
      number: 17,
      what: 'it dies when it has committed, before its answer',
      tests: [
        crash('commit.done'),
        at(
          'barrier/two-phase.spec.ts',
          'after a crash between COMMIT PREPARED and the answer is acknowledged',
        ),
      ],
    },
    {
      number: 18,
      what: 'it comes back with nothing in its memory',
      tests: [
        at('barrier/two-phase.spec.ts', 'of what was prepared over a pool that is gone'),
        at('faults/participant-dies.spec.ts', 'asked again, it is found as it is'),
        simulated('participant-crash-after-step'),
      ],
    },
    {
      number: 19,
      what: 'it votes yes, and rolls back by itself',
      tests: [
        at(
          'barrier/two-phase.spec.ts',
          'after somebody rolled back by hand is a heuristic rollback, and stays one',
        ),
        at('http/answers-to-orders.spec.ts', '2pc, a participant that has acted on its own'),
        simulated('heuristic-rollback'),
      ],
    },
    {
      number: 20,
      what: 'it acknowledges a commit that it has not done',
      tests: [
        simulated('participant-lies'),
        at(
          'participants/mysql.spec.ts',
          'to a %s is not taken for done after the session that prepared was reset',
        ),
      ],
    },
    {
      number: 21,
      what: 'a prepared branch is there again after it was acknowledged',
      tests: [
        at(
          'faults/restored.spec.ts',
          'a prepared branch whose commit was acknowledged is committed again, and is there once',
        ),
        at(
          'faults/recovery.spec.ts',
          'has its branches finished once more, each as was decided, and that is noted',
        ),
        at(
          'faults/recovery-mariadb.spec.ts',
          'has its branches finished once more, each as was decided',
        ),
      ],
    },
    {
      number: 22,
      what: 'a resource manager is restored from an old backup',
      tests: [
        at('faults/restored.spec.ts', 'after one and the same restart from a copy'),
        at('faults/recovery.spec.ts', 'a database that comes back as it was before'),
        at('faults/recovery-mariadb.spec.ts', 'a MariaDB that comes back as it was before'),
      ],
    },
    {
      number: 23,
      what: 'the journal fails over to a standby that lacks the decision',
      tests: [
        at('journal/unknown-fate.spec.ts', 'is told to nobody before the standby has it'),
        at(
          'journal/unknown-fate.spec.ts',
          'is of unknown fate, though Postgres reports success with a warning',
        ),
        simulated('failover'),
        simulated('replication-stall'),
      ],
    },
    {
      number: 24,
      what: 'the journal goes back in time while branches are prepared',
      tests: [
        at(
          'faults/recovery.spec.ts',
          'does not know them any more: they are reported, and left alone',
        ),
      ],
    },
    {
      number: 25,
      what: 'a resource manager fails over, and a prepared branch is lost',
      tests: [
        at(
          'faults/restored.spec.ts',
          'a branch that is lost ends it as heuristic-mixed, for the other has committed',
        ),
      ],
    },
    {
      number: 26,
      what: 'no more transactions can be prepared',
      tests: [
        at(
          'barrier/exhausted.spec.ts',
          'with every prepared transaction taken, prepare is told to ask again',
        ),
        at(
          'barrier/exhausted.spec.ts',
          'where none can be prepared, a service says so before it starts',
        ),
      ],
    },
    {
      number: 27,
      what: 'a prepare is answered ROLLBACK, which is no vote',
      tests: [
        at(
          'faults/store-trouble.spec.ts',
          'a transaction that has failed, which nobody has noticed',
        ),
        at('barrier/two-phase.spec.ts', 'an SQL error that a handler swallows is not a vote'),
      ],
    },
    {
      number: 28,
      what: 'a statement of a MariaDB branch fails, and then it is prepared',
      tests: [
        at(
          'participants/mysql-facts.spec.ts',
          'is prepared without the statement that has waited too long for a lock',
        ),
        at('participants/mysql-branch.spec.ts', 'a failed statement poisons the branch'),
      ],
    },
    {
      number: 29,
      what: 'somebody finishes a branch by hand, either way',
      tests: [
        at(
          'barrier/two-phase.spec.ts',
          'after somebody committed by hand says that the work is committed',
        ),
        at(
          'barrier/two-phase.spec.ts',
          'after somebody rolled back by hand is a heuristic rollback, and stays one',
        ),
        at('http/resource-managers.spec.ts', 'what a person has ended by hand'),
      ],
    },
    {
      number: 30,
      what: 'one database is two participants, or serves two clusters of coordinators',
      tests: [
        at('faults/shared-database.spec.ts', 'a database that is registered under two names'),
        at('faults/shared-database.spec.ts', 'two clusters on one database'),
        at(
          'faults/recovery.spec.ts',
          'is rolled back where that is allowed, once that is durable; never that of others',
        ),
      ],
    },
    {
      number: 31,
      what: 'a branch only reads',
      tests: [
        at(
          'barrier/two-phase.spec.ts',
          'work that wrote nothing is a read-only vote, prepares nothing, and is remembered',
        ),
        at(
          'http/answers-to-orders.spec.ts',
          'read-only is a yes, and the branch hears nothing more',
        ),
        trace(
          '2pc/read-only-some',
          'A branch that has only read is done with its vote; the others commit.',
        ),
      ],
    },
    {
      number: 32,
      what: 'it answers poison: HTML, a GiB, a redirect to itself, headers of 5 MB …',
      tests: [
        at(
          'faults/poison.spec.ts',
          'one transaction is quarantined, and others go on, when a participant answers',
        ),
        at('participants/faults.spec.ts', 'a participant that says too much'),
      ],
    },
  ],
};

export const crashes: readonly FaultGroup[] = [coordinator, participants];
