// Faults 64 to 78: what is hard in 3PC, in a saga or TCC, and for whoever asks.
import type { FaultGroup } from '../faults.js';
import { at, simulated } from './references.js';

const quorum: FaultGroup = {
  heading: '3PC: quorum and ballots',
  faults: [
    {
      number: 64,
      what: 'the coordinator dies after pre-commit to k of the members, for each k',
      tests: [
        at(
          'e2e/three-phase.e2e.ts',
          'after pre-commit to %i of 3 banks: they end alike, and it adopts that',
        ),
        at(
          'barrier/three-phase-termination.spec.ts',
          'after pre-commit to %i of 3: they end alike',
        ),
      ],
    },
    {
      number: 65,
      what: 'partitions 2|1 and 1|1|1, healed in every order',
      tests: [
        at('barrier/three-phase-termination.spec.ts', 'partitions 1|1|1, then 2|1, then none: %s'),
        simulated('partition'),
      ],
    },
    {
      number: 66,
      what: 'a member that stands in for the coordinator dies too, and perhaps another',
      tests: [
        at(
          'e2e/three-phase.e2e.ts',
          'in the middle of its election: it goes on by itself, with another ballot',
        ),
        at(
          'e2e/three-phase.e2e.ts',
          'and two banks are: the last one waits, says so, and ends it when one is back',
        ),
      ],
    },
    {
      number: 67,
      what: 'a member comes back with all that it had written, or with nothing',
      tests: [
        at('barrier/three-phase-termination.spec.ts', 'that is restarted goes on by itself'),
        at(
          'barrier/three-phase-amnesia.spec.ts',
          'is silent to a pre-commit, and a person is told why',
        ),
        simulated('participant-amnesia'),
      ],
      beyond: 'a name for each life of a database, by which elections can leave an amnesiac out',
    },
    {
      number: 68,
      what: 'two members stand in at once, or with one ballot',
      tests: [
        at(
          'barrier/three-phase-termination.spec.ts',
          'two stand in at once: one gives way, and they end alike',
        ),
        at(
          'barrier/three-phase.spec.ts',
          'a ballot of its own is obtained once, however many want it at once',
        ),
        { file: 'libs/protocols/src/quorum.spec.ts', title: 'have one owner each' },
      ],
    },
  ],
};

const business: FaultGroup = {
  heading: 'Saga and TCC',
  faults: [
    {
      number: 69,
      what: 'a cancel comes before its try',
      tests: [
        at(
          'barrier/local-work.spec.ts',
          'an empty cancel is acknowledged without running anything',
        ),
        at('barrier/local-work.spec.ts', 'an empty compensation does not even read the payload'),
      ],
    },
    {
      number: 70,
      what: 'a try comes after its cancel',
      tests: [
        at('barrier/local-work.spec.ts', 'a late try after its cancel is stale'),
        at(
          'barrier/local-work.spec.ts',
          'tries and cancels that arrive together end with the work undone, or never done',
        ),
      ],
    },
    {
      number: 71,
      what: 'a confirm fails for ever',
      tests: [
        at(
          'faults/sagas.spec.ts',
          'a confirm that never succeeds is on the list of what is stuck until somebody mends it',
        ),
        {
          ...at(
            'operations/branches.spec.ts',
            '%s: the order %s as done, which the participant confirms',
          ),
          row: { file: 'test/operations/branches.spec.ts', text: `'tcc', 'confirm'` },
        },
        at('operations/approvals.spec.ts', 'takes two people, and is recorded as a heuristic'),
      ],
    },
    {
      number: 72,
      what: 'a compensation fails six times, and succeeds the seventh',
      tests: [at('faults/sagas.spec.ts', 'that %s six times, and succeeds the seventh')],
    },
    {
      number: 73,
      what: 'a service is deployed without the handler that a saga waits for',
      tests: [at('faults/sagas.spec.ts', 'a service that was deployed without the handler of')],
    },
  ],
};

const initiators: FaultGroup = {
  heading: 'Initiators and load',
  faults: [
    {
      number: 74,
      what: 'many begin at once with one idempotency key',
      tests: [
        at(
          'http/idempotency.spec.ts',
          'twenty with one key at the same instant, at two coordinators, make one transaction',
        ),
      ],
    },
    {
      number: 75,
      what: 'a commit and a rollback are asked for at once',
      tests: [
        at(
          'http/enlist-and-wish.spec.ts',
          'for commit and for rollback at the same instant grants one of them',
        ),
        at('engine/instances.spec.ts', 'one is granted, the other is told the decision'),
      ],
    },
    {
      number: 76,
      what: 'the initiator disappears',
      tests: [
        at(
          'http/enlist-and-wish.spec.ts',
          'one whose initiator never wishes is rolled back at its deadline',
        ),
        simulated('initiator-vanishes'),
      ],
    },
    {
      number: 77,
      what: 'ten thousand transactions are stuck',
      tests: [
        at(
          'faults/many-stuck.spec.ts',
          'ten thousand stuck transactions all get their turn, and new ones do not wait for it',
        ),
      ],
    },
    {
      number: 78,
      what: 'one participant is dead, and others must be recovered',
      tests: [
        at(
          'faults/many-stuck.spec.ts',
          'one mute participant does not keep the transactions of others from being recovered',
        ),
        at('participants/faults.spec.ts', 'does not hold up another one'),
      ],
    },
  ],
};

export const protocols: readonly FaultGroup[] = [quorum, business, initiators];
