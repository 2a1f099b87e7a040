// Faults 47 to 63: Postgres, Redis and locks.
import type { FaultGroup } from '../faults.js';
import { at, simulated } from './references.js';

const LOCKS = 'locks that outlive a transaction, which Concordat does not offer yet';

const storage: FaultGroup = {
  heading: 'Storage',
  faults: [
    {
      number: 47,
      what: 'a Postgres server is killed with kill -9',
      tests: [
        at(
          'faults/servers.spec.ts',
          'is killed under load, again and again: everything ends as it was told',
        ),
        at(
          'journal/unknown-fate.spec.ts',
          'is missed by every method, and found again when it is back',
        ),
      ],
    },
    {
      number: 48,
      what: 'a commit waits for a standby that is gone, and the wait is cut short',
      tests: [
        at(
          'journal/unknown-fate.spec.ts',
          'is of unknown fate, though Postgres reports success with a warning',
        ),
        at('faults/standby.spec.ts', 'is in doubt after %s, until the standby has it'),
      ],
    },
    {
      number: 49,
      what: 'the disk is full, or the server only reads',
      tests: [
        at('faults/full-disk.spec.ts', 'a disk that is full'),
        at(
          'faults/servers.spec.ts',
          'turns read-only under load, and back: nobody takes that for a no',
        ),
        at('journal/opening.spec.ts', 'a database in which a decision could be lost is refused'),
      ],
    },
    {
      number: 50,
      what: 'a deadlock or a failed serialization, in the journal or at a participant',
      tests: [
        at(
          'faults/journal-trouble.spec.ts',
          'an append that Postgres rolls back with 40001 or 40P01 is done again',
        ),
        at(
          'faults/store-trouble.spec.ts',
          'a transaction that Postgres rolls back because of others',
        ),
      ],
    },
    {
      number: 51,
      what: 'the pool of connections is exhausted, or the server’s',
      tests: [
        at('faults/journal-trouble.spec.ts', 'one connection is enough for many: they take turns'),
        at(
          'faults/store-trouble.spec.ts',
          'in the pool: in doubt, and nothing done; later it is done',
        ),
        at('faults/store-trouble.spec.ts', 'at the server (53300): likewise'),
      ],
    },
    {
      number: 52,
      what: 'a connection dies while it is idle, or idle in a transaction',
      tests: [
        at('faults/journal-trouble.spec.ts', 'idle connections that die are replaced'),
        at(
          'faults/store-trouble.spec.ts',
          'that dies while it is idle is replaced, and the call hardly notices',
        ),
        at(
          'faults/store-trouble.spec.ts',
          'whose transaction is idle for too long is ended by the server, and its locks are free',
        ),
      ],
    },
    {
      number: 53,
      what: 'versions of the coordinator meet; the schema changes under way',
      tests: [
        at(
          'faults/versions.spec.ts',
          'is finished by the present version, with the same calls and tokens',
        ),
        at(
          'faults/versions.spec.ts',
          'the schema grows, and another version migrates, while transactions are under way',
        ),
      ],
    },
    {
      number: 54,
      what: 'what is old is forgotten while somebody recovers it',
      tests: [
        at(
          'faults/journal-trouble.spec.ts',
          'retention takes nothing from recovery: what began long ago ends, and is forgotten after that',
        ),
        at('journal/retention.spec.ts', 'sees what began while it was waiting for its lock'),
        at(
          'http/queries.spec.ts',
          'of one that is so old that it may have been forgotten is 410: nothing is presumed',
        ),
      ],
    },
  ],
};

const redis: FaultGroup = {
  heading: 'Redis and BullMQ',
  faults: [
    {
      number: 55,
      what: 'Redis forgets everything (FLUSHALL)',
      tests: [
        at('e2e/killing.e2e.ts', 'while Redis forgets everything'),
        at('wakeups/redis.spec.ts', 'is flushed, only lose what has been rung before'),
        simulated('wakeup-lost'),
      ],
    },
    {
      number: 56,
      what: 'a wakeup is lost, or delivered again and again',
      tests: [
        at(
          'faults/redis.spec.ts',
          'that is delivered many times at once makes one instance ask, once',
        ),
        at('wakeups/redis.spec.ts', 'is flushed, only lose what has been rung before'),
        simulated('wakeup-duplicated'),
      ],
    },
    {
      number: 57,
      what: 'a wakeup comes after the end',
      tests: [
        at('faults/redis.spec.ts', 'that comes after the end does nothing'),
        simulated('wakeup-stray'),
      ],
    },
    {
      number: 58,
      what: 'Redis is down for long',
      tests: [
        at('e2e/killing.e2e.ts', 'while Redis is stopped and started, and a bank is killed'),
        at(
          'http/availability.spec.ts',
          'it is ready, and says that it is degraded; transactions end all the same',
        ),
      ],
    },
    {
      number: 59,
      what: 'ioredis sends again what Redis has heard',
      tests: [at('faults/redis.spec.ts', 'is sent again if its answer is lost, and wakes once')],
    },
  ],
};

const locks: FaultGroup = {
  heading: 'Locks',
  faults: [
    { number: 60, what: 'a holder is paused past its lease, and writes', waitsFor: LOCKS },
    {
      number: 61,
      what: 'a cycle of waits across two databases',
      tests: [
        at(
          'faults/deadlock.spec.ts',
          '2pc, two transfers that wait for each other in two databases both end',
        ),
      ],
    },
    { number: 62, what: 'a prepared holder would be wounded', waitsFor: LOCKS },
    { number: 63, what: 'two holders upgrade from shared to exclusive', waitsFor: LOCKS },
  ],
};

export const stores: readonly FaultGroup[] = [storage, redis, locks];
