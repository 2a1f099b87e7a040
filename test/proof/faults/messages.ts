// Faults 33 to 46: what the network and the clocks do.
import type { FaultGroup } from '../faults.js';
import { at, simulated, trace } from './references.js';

const network: FaultGroup = {
  heading: 'The network',
  faults: [
    {
      number: 33,
      what: 'every message is lost once, one after the other',
      tests: [at('faults/messages.spec.ts', 'every message, lost once'), simulated('loss')],
    },
    {
      number: 34,
      what: 'every message arrives twice, at once or long after',
      tests: [
        at('faults/messages.spec.ts', 'every request, delivered twice'),
        at('participants/faults.spec.ts', 'such as a second answer that nobody asked for'),
        simulated('duplication'),
      ],
    },
    {
      number: 35,
      what: 'a yes comes when the rollback is decided',
      tests: [
        at(
          'faults/late-messages.spec.ts',
          'a yes that comes after the rollback was decided says nothing new',
        ),
        trace(
          '2pc/late-vote',
          'A vote that arrives after the deadline has decided changes nothing, whatever it says.',
        ),
        simulated('reordering'),
      ],
    },
    {
      number: 36,
      what: 'a question comes after the rollback that overtook it',
      tests: [
        at(
          'faults/late-messages.spec.ts',
          'a question that comes after its rollback is no longer heard, and does nothing',
        ),
        at('barrier/local-work.spec.ts', 'a late try after its cancel is stale'),
      ],
    },
    {
      number: 37,
      what: 'the commit comes before the yes that it rests on is dealt with',
      tests: [
        at('faults/late-messages.spec.ts', '%s: the %s overtakes the yes that it rests on'),
        at(
          'barrier/two-phase.spec.ts',
          'while a prepare runs is told to ask again: that is not work that is gone',
        ),
      ],
    },
    {
      number: 38,
      what: 'a partition, one way only',
      tests: [
        at('faults/messages.spec.ts', 'a bank that is cut off one way'),
        simulated('partition'),
      ],
    },
    {
      number: 39,
      what: 'a coordinator is paused past its lease, another takes over, and it goes on',
      tests: [
        at(
          'e2e/pause.e2e.ts',
          'a coordinator stands still past its leases while another takes over',
        ),
        at(
          'engine/instances.spec.ts',
          'is followed by another, which asks the same calls with the same tokens',
        ),
        simulated('pause'),
      ],
    },
    {
      number: 40,
      what: 'two coordinators drive one transaction',
      tests: [
        at(
          'e2e/pause.e2e.ts',
          'two coordinators that live drive the same transactions, and decide as one',
        ),
        at('engine/instances.spec.ts', 'one is granted, the other is told the decision'),
        at(
          'journal/concurrency.spec.ts',
          'of two instances that append the same version, exactly one wins',
        ),
        simulated('conflict-storm'),
      ],
    },
    {
      number: 41,
      what: 'a load balancer sends each call to another copy of the participant',
      tests: [
        at('faults/replicas.spec.ts', 'behind a load balancer, each call reaches another copy'),
      ],
    },
    {
      number: 42,
      what: 'a participant moves to another address between two calls',
      tests: [at('faults/replicas.spec.ts', 'a participant that has moved')],
      beyond:
        'a request that moves it: its address is a setting, and is read when a coordinator starts',
    },
  ],
};

const time: FaultGroup = {
  heading: 'Time',
  faults: [
    {
      number: 43,
      what: 'the wall clock of one coordinator is set forward or back by an hour',
      tests: [
        at(
          'faults/clocks.spec.ts',
          'a wall clock that is set by five seconds, and then by an hour',
        ),
        simulated('clock-error'),
      ],
    },
    {
      number: 44,
      what: 'the clocks of coordinators are five seconds apart',
      tests: [
        at(
          'faults/clocks.spec.ts',
          'a wall clock that is set by five seconds, and then by an hour',
        ),
        at(
          'journal/clock.spec.ts',
          'the clock shows the time of the database, not of this machine',
        ),
        simulated('clock-error'),
      ],
    },
    {
      number: 45,
      what: 'the deadline and the commit come in the same millisecond',
      tests: [at('engine/deadlines.spec.ts', 'a commit in the millisecond of the deadline, %s')],
    },
    {
      number: 46,
      what: 'a timer is longer than 2^31 ms, and setTimeout fires at once',
      tests: [
        {
          file: 'libs/engine/src/timers.spec.ts',
          title: 'a timer longer than setTimeout can count',
        },
        at(
          'faults/timers.spec.ts',
          'the longest deadline and the longest call are not over at once',
        ),
        at(
          'wakeups/queues.spec.ts',
          'an instant further away than a timer can count is waited for',
        ),
      ],
    },
  ],
};

export const messages: readonly FaultGroup[] = [network, time];
