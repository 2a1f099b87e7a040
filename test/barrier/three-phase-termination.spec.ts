// 3PC without its coordinator: the participants end it among themselves, or wait until they can.
import type { Peers } from '@concordat/participant-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { acknowledged, latch, reply } from './calling.js';
import { Member, peersHere, Transaction } from './members.js';

const [a, b, c] = [await Member.open('a'), await Member.open('b'), await Member.open('c')];
const all = [a, b, c];
const IN_AN_HOUR = new Date(Date.now() + 3_600_000).toISOString();

afterEach(async () => {
  for (const member of all) {
    await member.stop();
    await member.serve();
    member.mood = 'obey';
    member.reports.length = 0;
    await member.pool.query('delete from concordat_standing');
  }
});

/** A transaction of which everybody has voted, and `preCommitted` have heard more. */
async function undecided(preCommitted: readonly Member[]): Promise<Transaction> {
  const transaction = new Transaction(all);
  for (const vote of await transaction.allVote()) expect(vote).toMatchObject(reply('prepared'));
  for (const member of preCommitted) {
    expect(await transaction.preCommit(member)).toEqual(acknowledged);
  }
  return transaction;
}

async function expectDone(transaction: Transaction, end: 'committed' | 'aborted'): Promise<void> {
  const order = end === 'committed' ? 'do-commit' : 'abort';
  for (const member of transaction.members) {
    expect(await member.deeds(transaction.gtid), member.id).toEqual(['can-commit', order]);
  }
}

/** What `member` has reported of `transaction`. */
function reportsOf(member: Member, { gtid }: Transaction): readonly object[] {
  return member.reports.filter((report) => 'gtid' in report && report.gtid === gtid);
}

const doubts = async (member: Member): Promise<readonly (string | null)[]> =>
  (await member.standings.inDoubt(10)).map(({ lastError }) => lastError);

describe('the coordinator is gone', () => {
  test.each([0, 1, 2, 3])('after pre-commit to %i of 3: they end alike', async (k) => {
    const transaction = await undecided(all.slice(0, k));
    for (const member of all) member.standIn();
    const end = await transaction.end();
    if (k === 0) expect(end).toBe('aborted'); // nobody can have been told to commit
    if (k >= 2) expect(end).toBe('committed'); // a quorum has obeyed: it may have been decided
    await expectDone(transaction, end);
    expect(all.flatMap((member) => reportsOf(member, transaction))).toContainEqual(
      expect.objectContaining({ type: 'decided', decision: end }),
    );
    for (const member of all) expect(await doubts(member)).toEqual([]);
  });

  test('and its late pre-commit, and its order, are told how it has ended', async () => {
    const transaction = await undecided([]);
    for (const member of all) member.standIn();
    expect(await transaction.end()).toBe('aborted');
    for (const member of all) {
      expect(await transaction.preCommit(member)).toMatchObject({
        reply: { type: 'standing', standing: { state: 'aborted' } },
      });
      const order = await transaction.at(member).call('do-commit', 3);
      expect(order).toMatchObject(reply('heuristic-rollback'));
    }
    await expectDone(transaction, 'aborted');
  });

  test('who never heard the question counts as having refused it', async () => {
    const transaction = new Transaction(all);
    await transaction.at(a).call('can-commit', 1);
    await transaction.at(b).call('can-commit', 1);
    a.standIn();
    expect(await transaction.end()).toBe('aborted');
    expect(await c.deeds(transaction.gtid)).toEqual([]);
    const late = await transaction.at(c).call('can-commit', 1);
    expect(late).toMatchObject(reply('refused'));
  });
});

describe('elections', () => {
  test('2|1: two of three abort, and the third follows although it was pre-committed', async () => {
    const transaction = await undecided([c]);
    await c.stop();
    a.standIn();
    b.standIn();
    expect(await transaction.end([a, b])).toBe('aborted');
    expect(await transaction.standings([c])).toEqual(['pre-committed 0/0']);
    await c.serve();
    c.standIn();
    expect(await transaction.end()).toBe('aborted');
    await expectDone(transaction, 'aborted');
  });

  test('2|1: two of three commit what one of them had heard, and the third follows', async () => {
    const transaction = await undecided([b]);
    await c.stop();
    a.standIn();
    b.standIn();
    expect(await transaction.end([a, b])).toBe('committed');
    expect(await transaction.standings([c])).toEqual(['ready 0/0']);
    await c.serve();
    c.standIn();
    expect(await transaction.end()).toBe('committed');
    await expectDone(transaction, 'committed');
  });

  test('1|1|1: each alone stays in doubt, says so, and raises no ballot', async () => {
    const transaction = await undecided([a]);
    for (const alone of all) {
      for (const other of all) if (other !== alone) await other.stop();
      alone.standIn();
      const [blocked] = await eventually('it is blocked', () => {
        const reports = reportsOf(alone, transaction);
        return reports.length > 0 && reports;
      });
      const others = all.filter((other) => other !== alone);
      const said = `1 of 3 branches in reach, 2 are needed; ${others[0]?.id}: `;
      expect(blocked).toMatchObject({ type: 'blocked', reason: expect.stringContaining(said) });
      expect(await doubts(alone)).toEqual([expect.stringContaining(said)]);
      await alone.stop();
      for (const member of all) await member.serve();
    }
    const untouched = ['pre-committed 0/0', 'ready 0/0', 'ready 0/0'];
    expect(await transaction.standings()).toEqual(untouched);
    for (const member of all) member.standIn();
    await expectDone(transaction, await transaction.end());
  });

  test('two stand in at once: one gives way, and they end alike', async () => {
    const transaction = await undecided([c]);
    const [electing, deciding] = [latch(), latch()];
    a.standIn(held(electing, ['elect']));
    await electing.reached; // a has promised itself a ballot, and nobody has heard of it yet
    expect(await transaction.standings([a])).toEqual(['ready 1/0']);
    b.standIn(held(deciding, ['pre-commit', 'pre-abort']));
    await deciding.reached; // b has outbid it
    electing.open();
    await eventually('a gives way', () =>
      reportsOf(a, transaction).some((report) => 'type' in report && report.type === 'gave-way'),
    );
    deciding.open();
    await expectDone(transaction, await transaction.end());
  });

  test('who was overtaken before it had a ballot of its own speaks for none', async () => {
    const transaction = await undecided([a]);
    const [asking, again] = [latch(), latch()];
    const asked: string[] = [];
    const slow = held(asking, ['state']);
    a.standIn({
      ...peersHere,
      async ask(url, question, signal) {
        asked.push(question.operation);
        if (asked.length > 2) await again.wait(); // the next attempt may well elect
        return slow.ask(url, question, signal);
      },
    });
    await asking.reached;
    await transaction.peer(a, 'elect', 2); // b's ballot, and above the one that a would have taken
    asking.open();
    const [report] = await eventually('a gives way', () => {
      const reports = reportsOf(a, transaction);
      return reports.length > 0 && reports;
    });
    expect(report).toMatchObject({ type: 'gave-way' });
    expect(new Set(asked)).toEqual(new Set(['state']));
    again.open();
  });

  test('others that contradict each other are left to a person', async () => {
    const transaction = await undecided([a]);
    await transaction.at(b).call('do-commit', 3);
    await transaction.at(c).call('abort', 3);
    a.standIn();
    const reason = 'others contradict each other: b is committed, c is aborted';
    await eventually('it says why', async () => (await doubts(a)).includes(reason));
    expect(await transaction.standings([a])).toEqual(['pre-committed 0/0']);
  });

  /** The network to others, in which questions of these operations wait at `door`. */
  function held(door: ReturnType<typeof latch>, operations: readonly string[]): Peers {
    return {
      ...peersHere,
      async ask(url, question, signal) {
        if (operations.includes(question.operation)) await door.wait();
        return peersHere.ask(url, question, signal);
      },
    };
  }
});

describe('a network in parts', () => {
  /** Members reach those alone who are in the same part. */
  const parts = new Map<string, number>();
  let cutOff = 0;

  function fromPartOf(member: Member): Peers {
    return {
      ...peersHere,
      async ask(url, question, signal) {
        if (parts.get(member.id) === parts.get(question.branch)) {
          return peersHere.ask(url, question, signal);
        }
        cutOff += 1;
        return { type: 'in-doubt', reason: 'the network is in parts' };
      },
    };
  }

  test.each([
    ['a and b meet, b is pre-committed', [a, b], [b], 'committed'],
    ['a and b meet, c is pre-committed', [a, b], [c], 'aborted'],
    ['b and c meet, b is pre-committed', [b, c], [b], 'committed'],
    ['b and c meet, a is pre-committed', [b, c], [a], 'aborted'],
    ['a and c meet, nobody is pre-committed', [a, c], [], 'aborted'],
    ['a and c meet, all are pre-committed', [a, c], all, 'committed'],
  ] as const)(
    'partitions 1|1|1, then 2|1, then none: %s',
    async (_, two: readonly Member[], preCommitted, end) => {
      const [one = a] = all.filter((member) => !two.includes(member));
      cutOff = 0;
      all.forEach((member, part) => parts.set(member.id, part));
      const transaction = await undecided(preCommitted);
      const before = await transaction.standings();
      for (const member of all) member.standIn(fromPartOf(member));
      for (const member of all) {
        await eventually('it is blocked', async () =>
          (await doubts(member))[0]?.includes('1 of 3 branches in reach'),
        );
      }
      expect(await transaction.standings()).toEqual(before);

      for (const member of two) parts.set(member.id, 7);
      expect(await transaction.end(two)).toBe(end);
      expect(await transaction.standings([one])).toEqual([before[all.indexOf(one)]]);

      parts.set(one.id, 7);
      expect(await transaction.end()).toBe(end);
      await expectDone(transaction, end);
      expect(cutOff).toBeGreaterThan(5);
    },
  );
});

describe('a participant in doubt', () => {
  test('that is restarted goes on by itself', async () => {
    const transaction = await undecided([a, b]);
    await a.stop();
    await a.serve();
    a.standIn();
    expect(await transaction.end()).toBe('committed');
    expect(reportsOf(a, transaction)).toMatchObject([{ type: 'decided', decision: 'committed' }]);
  });

  test('that cannot obey the decision says why, and obeys when it can', async () => {
    const transaction = await undecided(all);
    a.mood = 'refuse';
    a.standIn();
    expect(await transaction.end([b, c])).toBe('committed');
    const reason = 'it must be committed, but this participant says: not today';
    await eventually('it says why', async () => (await doubts(a)).includes(reason));
    expect(reportsOf(a, transaction)).toContainEqual(
      expect.objectContaining({ type: 'blocked', reason }),
    );
    expect(await a.deeds(transaction.gtid)).toEqual(['can-commit']);
    a.mood = 'obey';
    expect(await transaction.end()).toBe('committed');
    await expectDone(transaction, 'committed');
  });

  test('whose database is away goes on when it is back', async () => {
    const transaction = await undecided([a]);
    const proxy = await FlakyProxy.before(a.database.databaseUrl);
    const away = await Member.beside(a, proxy.url);
    await proxy.cut();
    away.standIn();
    await eventually('it has failed', () => away.reports.some(({ type }) => type === 'failed'));
    await proxy.restore();
    await expectDone(transaction, await transaction.end());
    await away.stop();
  });
});

describe('whose turn it is', () => {
  const SILENCE_MS = 60_000;

  async function turns(member: Member): Promise<number> {
    return (await member.standings.takeSilent(SILENCE_MS, 10)).length;
  }

  /** As if nothing had been heard for so many silences. */
  async function quiet(silences: number): Promise<void> {
    for (const member of all) {
      await member.pool.query(
        `update concordat_standing set quiet_since = now() - $1::float8 * interval '1 ms'`,
        [silences * SILENCE_MS],
      );
    }
  }

  test('nobody begins while there is something to hear, nor twice in a silence', async () => {
    await undecided([a]);
    expect(await turns(a)).toBe(0);
    await quiet(1.1);
    expect(await turns(a)).toBe(1);
    expect(await turns(a)).toBe(0);
  });

  test('each place on the roster waits longer than the one before', async () => {
    await undecided([]);
    await quiet(1.1);
    expect([await turns(a), await turns(b), await turns(c)]).toEqual([1, 0, 0]);
    await quiet(1.6);
    expect([await turns(b), await turns(c)]).toEqual([1, 0]);
    await quiet(2.1);
    expect(await turns(c)).toBe(1);
  });

  test('who is only ready waits for the deadline; who has heard more does not', async () => {
    const transaction = new Transaction(all, IN_AN_HOUR);
    await transaction.allVote();
    await quiet(10);
    expect(await turns(a)).toBe(0);
    await transaction.preCommit(a);
    await quiet(10);
    expect(await turns(a)).toBe(1);
  });

  test('a call that is heard, even one that changes nothing, puts it off', async () => {
    const transaction = await undecided([a]);
    await quiet(10);
    await transaction.preCommit(a);
    expect(await turns(a)).toBe(0);
    await quiet(10);
    await transaction.peer(a, 'state');
    expect(await turns(a)).toBe(1);
  });

  test('who knows the decision is never in doubt', async () => {
    const transaction = await undecided([a]);
    for (const member of all) await transaction.at(member).call('do-commit', 3);
    await quiet(10);
    expect(await turns(a)).toBe(0);
  });
});
